"""Rates in settings."""

import pytest
from limits import parse

from app.rate_limit.limiter import parse_rate


@pytest.mark.parametrize("text", ["5/minute", "5 per minute", "5/MINUTE", "5/1 minute"])
def test_a_rate_is_parsed(text: str) -> None:
    assert parse_rate(text) == parse("5/minute")


@pytest.mark.parametrize(
    "text",
    [
        *("", "often", "5", "5/fortnight", "-5/minute", "0/minute"),
        *("5/minute; 100/day", "5/second|100/hour"),
    ],
)
def test_an_invalid_rate_is_rejected(text: str) -> None:
    with pytest.raises(ValueError, match="5/minute"):
        parse_rate(text)
