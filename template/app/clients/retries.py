"""When to ask again, and how long to wait before."""

import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

# RFC 9110 §9.2.1: asking twice does no more than asking once.
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
# Too many requests, and faults of servers that may have passed a moment later.
PASSING = {429, 500, 502, 503, 504}


def backoff(seconds: float, attempt: int) -> float:
    """Twice as long each time, and never all at once: from half of that to the whole."""
    return seconds * 2**attempt * random.uniform(0.5, 1)  # noqa: S311  (no secret)


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds that the other side asks us to wait (RFC 9110 §10.2.3); 0 if it does not."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        return max(0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, OverflowError):  # no date, or one that no calendar has
        return 0
