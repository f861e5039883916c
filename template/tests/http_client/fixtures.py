"""Another service, which all tests can call."""

from collections.abc import Generator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.http_client.upstream import Upstream, serving

SERVER = pytest.StashKey[Upstream]()


def pytest_configure(config: pytest.Config) -> None:
    """Start it."""
    stack = ExitStack()
    config.add_cleanup(stack.close)
    config.stash[SERVER] = stack.enter_context(serving())


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Generator[None]:
    """Read the trusted certificates for the first app only, as reading takes about 20 ms."""
    from app.clients import http

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(http, "load_certificates", cache(http.load_certificates))
        yield


@pytest.fixture
def upstream(pytestconfig: pytest.Config) -> Generator[Upstream]:
    """The other service, reset."""
    server = pytestconfig.stash[SERVER]
    server.reset()
    yield server
    server.over.set()
    server.reset()
