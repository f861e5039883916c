"""A user's connections are counted over all processes, also if some of these die."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from fastapi import FastAPI
from redis import Redis

from app.redis.circuit_breaker import OPEN_SECONDS
from app.websocket import seats
from app.websocket.connection import Connection
from app.websocket.hub import Hub, TooManyConnectionsError
from app.websocket.seats import Seats
from app.websocket.settings import WebSocketSettings
from tests.conftest import MakeApp
from tests.redis.servers import RedisServer
from tests.websocket.clients import connected, eventually, refusal
from tests.websocket.conftest import Join, Listen

pytestmark = pytest.mark.process

Process = Callable[[], Seats]
LIMIT = 3
USER = uuid4()


@pytest.fixture
async def apps(make_app: MakeApp, redis_server: RedisServer, patient: None) -> list[FastAPI]:
    """Two apps that know nothing of each other but the Redis they share."""
    settings = {"REDIS_URL": redis_server.url, "WEBSOCKET_CONNECTIONS_PER_USER": str(LIMIT)}
    return [await make_app(**settings) for _ in range(2)]


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let seats be free soon after their process has died."""
    monkeypatch.setattr(seats, "LEASE_SECONDS", 5)
    monkeypatch.setattr(seats, "RENEW_SECONDS", 0.1)


@pytest.fixture
def process(apps: list[FastAPI], brief: None) -> Process:
    """Make one more that counts: `process()`. It does not live: it renews nothing."""
    settings = WebSocketSettings.load()
    return lambda: Seats(Hub(settings), apps[0].state.redis)


def connection(seats: Seats) -> Connection:
    """One more of the same user's."""
    return Connection(USER, uuid4(), datetime.max.replace(tzinfo=UTC), seats.hub.settings)


async def is_full(seats: Seats) -> bool:
    """Whether there is no seat left for the user."""
    try:
        async with seats.taken(connection(seats)):
            return False
    except TooManyConnectionsError:
        return True


async def test_processes_count_together(
    apps: list[FastAPI], listen: Listen, headers: dict[str, str], join: Join
) -> None:
    here, there = [await listen(app) for app in apps]

    async with connected(here, headers), connected(there, headers):
        async with connected(there, headers):
            for url in (here, there):
                answer, problem = await refusal(url, headers)
                assert (answer.status_code, problem["code"]) == (429, "rate_limited")
                await join(at=url)  # somebody else
        await eventually(lambda: apps[1].state.websocket.users.total() == 2)
        async with connected(here, headers):
            pass


async def test_many_at_once_take_no_more_than_there_are(process: Process) -> None:
    processes = [process() for _ in range(4)]

    async with AsyncExitStack() as stack:
        taking = [stack.enter_async_context(at.taken(connection(at))) for at in processes * 5]
        taken = await asyncio.gather(*taking, return_exceptions=True)

        refused = [found for found in taken if isinstance(found, TooManyConnectionsError)]
        assert (len(refused), taken.count(None)) == (len(taking) - LIMIT, LIMIT)
    assert not await is_full(process())


@pytest.mark.parametrize("write", [Redis.rpush, Redis.sadd, Redis.append])
async def test_what_has_another_type_under_the_key_is_replaced(
    process: Process, redis_server: RedisServer, write: Callable[[Redis, str, str], object]
) -> None:
    with Redis.from_url(redis_server.url) as redis:
        write(redis, f"{seats.PREFIX}{USER}", "one")

    async with AsyncExitStack() as stack:
        for _ in range(LIMIT):
            at = process()
            await stack.enter_async_context(at.taken(connection(at)))
        assert await is_full(process())


async def test_a_process_that_has_died_gives_its_seats_back(process: Process) -> None:
    dead, alive = process(), process()

    async with AsyncExitStack() as stack:
        for _ in range(LIMIT):
            await stack.enter_async_context(dead.taken(connection(dead)))
        assert await is_full(alive)
        await asyncio.sleep(seats.LEASE_SECONDS + 1)
        assert not await is_full(alive)


async def test_a_process_that_lives_keeps_its_seats(process: Process) -> None:
    living, other = process(), process()
    keeping = asyncio.create_task(living.keep())

    async with AsyncExitStack() as stack:
        for _ in range(LIMIT):
            await stack.enter_async_context(living.taken(connection(living)))
        await asyncio.sleep(seats.LEASE_SECONDS + 1)
        assert await is_full(other)
    keeping.cancel()


async def test_while_redis_is_away_each_process_counts_its_own_and_tells_later(
    brief: None,
    apps: list[FastAPI],
    listen: Listen,
    headers: dict[str, str],
    redis_server: RedisServer,
) -> None:
    here, there = [await listen(app) for app in apps]
    redis_server.stop()

    async with AsyncExitStack() as stack:
        for _ in range(LIMIT):
            await stack.enter_async_context(connected(here, headers))
        assert (await refusal(here, headers))[0].status_code == 429
        async with connected(there, headers):
            pass
        redis_server.restart()
        with Redis.from_url(redis_server.url) as redis:
            await eventually(lambda: redis.keys(f"{seats.PREFIX}*"))
        await asyncio.sleep(OPEN_SECONDS)  # until then the other one does not ask again
        assert (await refusal(there, headers))[0].status_code == 429
