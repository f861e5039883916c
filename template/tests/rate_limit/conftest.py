"""Fixtures of the rate limits' tests."""

import pytest


@pytest.fixture(autouse=True)
def default_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use the default limits."""
    monkeypatch.delenv("RATE_LIMIT_DEFAULT")
