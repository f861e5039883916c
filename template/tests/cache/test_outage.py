"""Redis stops, hangs, loses its data and returns: answers stay right and fast."""

import asyncio
from collections.abc import Awaitable

import pytest
from httpx2 import AsyncClient, Response
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.read_through import PREFIX
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.redis.servers import RedisServer

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("unbounded")]

# Less than the minute that a client without the breaker waits for here; more than a busy machine
# needs.
LATEST_SECONDS = 20
RECOVERY_SECONDS = 60


async def timely(request: Awaitable[Response]) -> Response:
    """The answer; fail if it takes too long."""
    async with asyncio.timeout(LATEST_SECONDS):
        response = await request
    assert response.status_code == 200
    return response


async def eventually_hit(client: AsyncClient, url: str, stock: int) -> None:
    """Read until there is a hit; every answer must have this stock."""
    async with asyncio.timeout(RECOVERY_SECONDS):
        while True:
            response = await client.get(url)
            assert response.json()["stock"] == stock
            if response.headers["x-cache"] == "HIT":
                return
            await asyncio.sleep(0.05)


@pytest.fixture
async def url(session: AsyncSession) -> str:
    """An specimen."""
    return f"{SPECIMENS}/{(await add_specimen(session)).id}"


async def test_changes_while_redis_hangs_are_visible_to_all(
    make_client: MakeClient, redis_server: RedisServer, url: str
) -> None:
    client, other = [await make_client(REDIS_URL=redis_server.url) for _ in range(2)]
    await eventually_hit(client, url, 5)

    with redis_server.frozen():
        assert (await timely(client.get(url))).headers["x-cache"] == "MISS"
        await timely(client.patch(url, json={"stock": 100}))
        assert (await timely(client.get(url))).json()["stock"] == 100
        assert (await timely(other.get(url))).json()["stock"] == 100

    await eventually_hit(client, url, 100)
    await eventually_hit(other, url, 100)


async def test_a_change_while_redis_hangs_is_visible_to_this_process(
    make_client: MakeClient, redis_server: RedisServer, url: str
) -> None:
    client = await make_client(REDIS_URL=redis_server.url)
    await eventually_hit(client, url, 5)

    with redis_server.frozen():
        await timely(client.patch(url, json={"stock": 100}))

    await eventually_hit(client, url, 100)


async def test_while_redis_is_down_the_database_answers(
    make_client: MakeClient, redis_server: RedisServer, url: str
) -> None:
    client = await make_client(REDIS_URL=redis_server.url)
    await eventually_hit(client, url, 5)

    redis_server.stop()
    assert (await timely(client.get(url))).headers["x-cache"] == "MISS"
    await timely(client.patch(url, json={"stock": 100}))
    assert (await timely(client.get(url))).json()["stock"] == 100
    redis_server.restart()

    await eventually_hit(client, url, 100)


async def test_a_change_while_the_breaker_is_open_is_visible_to_other_processes(
    make_app: MakeApp, make_client: MakeClient, credentials: dict[str, str], url: str
) -> None:
    app, other = await make_app(), await make_client()
    await eventually_hit(other, url, 5)
    app.state.redis._fail("test")

    async with connect(app, credentials) as client:
        await client.patch(url, json={"stock": 100})

    await eventually_hit(other, url, 100)


async def test_a_redis_that_lost_its_data_returns_no_stale_value(
    client: AsyncClient, redis_client: Redis, url: str
) -> None:
    await eventually_hit(client, url, 5)

    redis_client.flushall()
    flushed = await client.get(url)
    await client.patch(url, json={"stock": 100})
    redis_client.flushall()

    assert flushed.headers["x-cache"] == "MISS"
    await eventually_hit(client, url, 100)


async def test_entries_are_deleted_when_redis_is_back(
    make_client: MakeClient, redis_server: RedisServer, url: str
) -> None:
    client = await make_client(REDIS_URL=redis_server.url)
    await eventually_hit(client, url, 5)

    with redis_server.frozen():
        await client.patch(url, json={"stock": 100})

    with Redis.from_url(redis_server.url) as redis:
        async with asyncio.timeout(RECOVERY_SECONDS):
            while redis.keys(f"{PREFIX}*"):  # noqa: ASYNC110  (no event to wait for)
                await asyncio.sleep(0.05)
