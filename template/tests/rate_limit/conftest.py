"""What the tests of the rate limits share."""

import pytest


@pytest.fixture(autouse=True)
def usual_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the apps that are made here the limits of any other."""
    monkeypatch.delenv("RATE_LIMIT_DEFAULT")
