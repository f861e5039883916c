"""A plugin for all tests: a Redis that is empty before each test."""

import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from app.redis import circuit_breaker, feature
from dev.project import LauncherError
from dev.redis import testing
from tests.redis.servers import RedisServer


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start Redis before a test module imports the app."""
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        os.environ["REDIS_URL"] = stack.enter_context(testing())
    except LauncherError as error:
        raise pytest.UsageError(str(error)) from None


@pytest.fixture(scope="session")
def redis_url() -> str:
    """The Redis that the app uses, unless a test gives it another."""
    return os.environ["REDIS_URL"]


@pytest.fixture(scope="session")
def redis_client(redis_url: str) -> Generator[Redis]:
    """A client of that Redis."""
    with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_client: Redis) -> None:
    """Delete all keys."""
    redis_client.flushdb()


@pytest.fixture
def generous_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise all timeouts: the machine may be busy, and the Redis a fake."""
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 60)
    monkeypatch.setattr(feature, "SOCKET_TIMEOUT_SECONDS", 60)


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Raise the timeouts of the client, so that only the breaker limits a wait."""
    monkeypatch.setattr(feature, "SOCKET_TIMEOUT_SECONDS", 60)


@pytest.fixture
def redis_server(tmp_path: Path) -> Generator[RedisServer]:
    """A Redis of the test's own, which it may stop and restart."""
    server = RedisServer.start(tmp_path)
    yield server
    server.stop()
