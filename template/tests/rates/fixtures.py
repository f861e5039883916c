"""A source of exchange rates for all tests."""

import os

import pytest

from tests.http_client.fixtures import SERVER
from tests.rates.source import rates


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set its URL before the app loads its settings."""
    server = config.stash[SERVER]
    server.default = rates
    server.reset()
    os.environ["RATES_URL"] = server.url
