"""Comma-separated values (RFC 4180), a batch of lines at a time."""

import csv
import re
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from io import StringIO
from typing import Any

# A spreadsheet would run a cell that begins so as a formula (OWASP, CSV injection); and one that
# takes semicolons, tabs or broken lines for separators may find such a cell in the middle of ours.
FORMULA = re.compile(r"^(?=[\t\r\n])|(?:^|(?<=[;\t\r\n]))(?=[^\S\t\r\n]*[=+\-@＝＋－＠])")
# By this mark Excel knows UTF-8.
MARK = "\ufeff"


async def csv_lines(
    columns: Iterable[str], batches: AsyncIterable[Sequence[Any]], *, bom: bool = False
) -> AsyncGenerator[str, None]:
    """Yield the header, behind a byte order mark or not, then each batch of rows as text."""
    names = list(columns)
    header = (MARK if bom else "") + _lines([names])
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
    """Keep text from being run as a formula, with the apostrophe that spreadsheets hide."""
    if isinstance(value, str):
        return FORMULA.sub("'", value)
    return value.isoformat() if hasattr(value, "isoformat") else value
