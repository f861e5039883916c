"""Redis for the tests: a plugin that they all share. Every test finds it empty."""

import os
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest
from redis import Redis

from app.redis import client, guard
from dev.project import LauncherError
from dev.redis import testing
from tests.redis.servers import RedisServer


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Start Redis before any test module imports the app, and use it."""
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
    """A client to look into it."""
    with Redis.from_url(redis_url, decode_responses=True) as client:
        yield client


@pytest.fixture(autouse=True)
def empty_redis(redis_client: Redis) -> None:
    """Delete what the test before has left."""
    redis_client.flushdb()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no answer be too late: the machine may be busy, and the Redis a fake."""
    monkeypatch.setattr(guard, "TIMEOUT_SECONDS", 60)
    monkeypatch.setattr(client, "FORGOTTEN_SECONDS", 60)


@pytest.fixture
def unbounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the guard be all that limits a wait for Redis: without it, a test would see a minute."""
    monkeypatch.setattr(client, "FORGOTTEN_SECONDS", 60)


@pytest.fixture
def redis_server(tmp_path: Path) -> Generator[RedisServer]:
    """A Redis of the test's own, to be stopped and started again."""
    server = RedisServer.start(tmp_path)
    yield server
    server.stop()
