"""Rates as settings: `5/minute`."""

from typing import Annotated

from limits import RateLimitItem, parse
from pydantic import BeforeValidator


def parse_rate(value: object) -> RateLimitItem:
    """Read a rate such as `5/minute`."""
    if isinstance(value, RateLimitItem):
        return value
    try:
        rate = parse(str(value))
    except ValueError:
        raise ValueError("is not a rate like 5/minute") from None
    if rate.amount < 1:
        raise ValueError("must allow something, like 5/minute")
    return rate


Rate = Annotated[RateLimitItem, BeforeValidator(parse_rate)]
