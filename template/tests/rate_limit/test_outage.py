"""Redis fails: each process holds to the limits by itself, and no request waits."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.redis import circuit_breaker
from tests.clients import connect
from tests.conftest import MakeApp
from tests.redis.servers import RedisServer

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("unbounded")]

LOGIN = "/api/v1/auth/login"
# More than a busy machine needs, and less than an answer that waits for Redis would take here.
LATEST_SECONDS = 20
with_users = pytest.mark.skipif(find_spec("app.auth") is None, reason="a service without users")

Failure = Callable[[RedisServer], AbstractContextManager[None]]


def killed(server: RedisServer) -> AbstractContextManager[None]:
    server.stop()
    return nullcontext()


def frozen(server: RedisServer) -> AbstractContextManager[None]:
    return server.frozen()


FAILURES = pytest.mark.parametrize("failure", [killed, frozen])


@pytest.fixture
async def failing_app(make_app: MakeApp, redis_server: RedisServer) -> FastAPI:
    """An app with a Redis of its own."""
    return await make_app(REDIS_URL=redis_server.url, RATE_LIMIT_DEFAULT="10/minute")


@pytest.fixture
async def client(failing_app: FastAPI) -> AsyncGenerator[AsyncClient]:
    """A client of that app."""
    async with connect(failing_app, address="192.0.2.1") as client:
        yield client


async def ask(client: AsyncClient, times: int) -> list[int]:
    """Send requests. Fail if an answer takes too long."""
    statuses = []
    for _ in range(times):
        async with asyncio.timeout(LATEST_SECONDS):
            statuses.append((await client.get("/nothing")).status_code)
    return statuses


@FAILURES
async def test_requests_are_answered_and_limited_by_the_process(
    client: AsyncClient, redis_server: RedisServer, failure: Failure
) -> None:
    before = await ask(client, 4)
    with failure(redis_server):
        without = await ask(client, 12)

    assert before == [404] * 4
    assert without == [404] * 10 + [429] * 2


@FAILURES
async def test_no_request_waits_during_a_long_outage(
    make_app: MakeApp,
    redis_server: RedisServer,
    failure: Failure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circuit_breaker, "OPEN_SECONDS", 0.1)
    app = await make_app(REDIS_URL=redis_server.url, RATE_LIMIT_DEFAULT="100000/minute")
    async with connect(app) as client:
        with failure(redis_server):
            until = time.monotonic() + 1
            while time.monotonic() < until:
                assert await ask(client, 10) == [404] * 10


@FAILURES
async def test_counts_are_shared_again_when_redis_is_back(
    make_app: MakeApp,
    client: AsyncClient,
    redis_server: RedisServer,
    failure: Failure,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(circuit_breaker, "OPEN_SECONDS", 0)
    with failure(redis_server):
        await ask(client, 1)
    if failure is killed:
        redis_server.restart()
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 60)

    other = await make_app()
    async with connect(other, address="192.0.2.1") as elsewhere:
        answers = [await each.get("/nothing") for each in (client, elsewhere) * 2]

    left = [int(answer.headers["ratelimit"].split(";")[1].removeprefix("r=")) for answer in answers]
    assert left[1] - left[3] == left[0] - left[2] == 2


@with_users
@FAILURES
async def test_logins_are_still_limited(
    client: AsyncClient, redis_server: RedisServer, failure: Failure
) -> None:
    form = {"username": "unknown@example.com", "password": "some long wrong password"}
    with failure(redis_server):
        answers = [await client.post(LOGIN, data=form) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_a_redis_that_lost_its_data_is_no_error(
    client: AsyncClient, redis_server: RedisServer
) -> None:
    await ask(client, 2)
    redis_server.restart()

    assert await ask(client, 2) == [404, 404]
