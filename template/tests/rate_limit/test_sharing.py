"""All processes share the windows in Redis."""

import asyncio
from collections import Counter

import pytest
from fastapi import FastAPI
from redis import Redis

from app.core.config import PROJECT
from tests.clients import connect
from tests.conftest import MakeApp

TEN = {"RATE_LIMIT_DEFAULT": "10/minute"}
pytestmark = pytest.mark.usefixtures("generous_timeouts")


async def ask(app: FastAPI, times: int) -> int:
    """Send parallel requests; return how many were allowed."""
    async with connect(app) as client:
        answers = await asyncio.gather(*(client.get("/nothing") for _ in range(times)))
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses.keys() <= {404, 429}
    return statuses[404]


async def test_two_apps_share_one_limit(make_app: MakeApp) -> None:
    one, other = await make_app(**TEN), await make_app(**TEN)

    assert await ask(one, 6) == 6
    assert await ask(other, 6) == 4
    assert await ask(one, 1) == 0


async def test_parallel_requests_to_two_apps_are_counted_exactly(make_app: MakeApp) -> None:
    one, other = await make_app(**TEN), await make_app(**TEN)

    assert sum(await asyncio.gather(ask(one, 50), ask(other, 50))) == 10


async def test_keys_start_with_the_project_name_and_expire(
    make_app: MakeApp, redis_client: Redis
) -> None:
    await ask(await make_app(**TEN), 1)

    keys = list(redis_client.scan_iter())
    assert keys
    for key in keys:
        assert key.startswith(f"{PROJECT.name}:")
        assert "127.0.0.1" not in key
        assert 0 < redis_client.ttl(key) <= 60


@pytest.mark.usefixtures("database")
async def test_without_redis_each_process_has_its_own_windows(make_app: MakeApp) -> None:
    one, other = await make_app(**TEN, REDIS_URL=""), await make_app(**TEN, REDIS_URL="")

    assert [await ask(one, 12), await ask(other, 12)] == [10, 10]
