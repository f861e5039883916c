"""Range requests (RFC 9110 §14)."""

import re

from app.core.exceptions import AppError

SINGLE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


class RangeNotSatisfiableError(AppError):
    """The range begins after the end of the file."""

    status = 416
    code = "range_not_satisfiable"
    detail = "The range lies outside of the file."


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None for the whole file.

    Several ranges, and invalid ones, get the whole file, as the RFC allows.
    """
    found = SINGLE_RANGE.fullmatch(header or "")
    first, last = found.groups() if found else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return None
    start = int(first) if first else max(size - int(last), 0)
    if start >= size:
        raise RangeNotSatisfiableError(headers={"Content-Range": f"bytes */{size}"})
    return start, min(int(last) + 1, size) if first and last else size
