"""Export of all items as comma-separated values (RFC 4180), in batches: constant memory."""

import csv
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from io import StringIO
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.repositories.item_keyset import ItemKeysetRepository

BATCH_SIZE = 1000
# Where a spreadsheet would run a cell as a formula (OWASP, CSV injection): at the beginning of the
# cell, and after what some programs take for a separator, in quotes or not.
FORMULA = re.compile(r'^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=(?:[^\S\t\r\n]|")*[=+\-@＝＋－＠])')
BYTE_ORDER_MARK = "\ufeff"


async def iter_item_batches(
    sessions: async_sessionmaker[AsyncSession],
) -> AsyncGenerator[Sequence[Any], None]:
    """Yield all items in batches, each with its own session.

    A slow client must not hold a connection, so each batch begins after the last id instead of
    reading on from a database cursor.
    """
    last = None
    while True:
        async with sessions() as session:
            rows = await ItemKeysetRepository(session).keyset_page(last, BATCH_SIZE)
        if not rows:
            return
        yield rows
        last = rows[-1].id


async def csv_lines(
    columns: Iterable[str], batches: AsyncIterable[Sequence[Any]], *, bom: bool = False
) -> AsyncGenerator[str, None]:
    """Yield the header, with a byte order mark or without, then each batch of rows as text."""
    names = list(columns)
    header = (BYTE_ORDER_MARK if bom else "") + _lines([names])
    async for batch in batches:
        yield header + _lines([_cell(getattr(row, name)) for name in names] for row in batch)
        header = ""
    if header:
        yield header


def _lines(rows: Iterable[Sequence[Any]]) -> str:
    buffer = StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue()


def _cell(value: Any) -> Any:
    """Escape formulas with an apostrophe, which spreadsheets hide."""
    if isinstance(value, str):
        return FORMULA.sub("'", value)
    return value.isoformat() if hasattr(value, "isoformat") else value
