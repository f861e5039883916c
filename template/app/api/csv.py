"""Comma-separated values (RFC 4180), a batch of lines at a time."""

import csv
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Sequence
from io import StringIO
from typing import Any

# A spreadsheet would run such a cell as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


async def csv_lines(
    columns: Iterable[str], batches: AsyncIterable[Sequence[Any]]
) -> AsyncGenerator[str, None]:
    """Yield the header, then each batch of rows as text."""
    names = list(columns)
    header = _lines([names])
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
    if isinstance(value, str) and value.startswith(FORMULA):
        return f"'{value}"
    return value.isoformat() if hasattr(value, "isoformat") else value
