"""A source of exchange rates for all tests."""

import os
from collections.abc import Generator
from contextlib import ExitStack

import pytest

from tests.http_client.upstream import Upstream, serving

SERVER = pytest.StashKey[Upstream]()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start it before the app loads its settings."""
    stack = ExitStack()
    config.add_cleanup(stack.close)
    config.stash[SERVER] = stack.enter_context(serving())
    os.environ["RATES_URL"] = config.stash[SERVER].url


@pytest.fixture
def upstream(pytestconfig: pytest.Config) -> Generator[Upstream]:
    """The source, reset."""
    server = pytestconfig.stash[SERVER]
    server.reset()
    yield server
    server.over.set()
    server.reset()
