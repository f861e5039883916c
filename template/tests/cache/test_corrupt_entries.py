"""A Redis entry that is no value is a miss, and affects no other key."""

from collections.abc import Callable

import pytest
from httpx2 import AsyncClient
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.entry import PREFIX
from tests.factories import make_item

ITEMS = "/api/v1/items"
Write = Callable[[Redis, str], object]
ENTRIES: dict[str, Write] = {
    "bytes that are no UTF-8": lambda redis, key: redis.set(key, b"\xff\xfe{}"),
    "text in Latin-1": lambda redis, key: redis.set(key, "schön".encode("latin-1")),
    "pickled": lambda redis, key: redis.set(key, b"\x80\x04\x95\x0b\x00."),
    "empty": lambda redis, key: redis.set(key, b""),
    "number": lambda redis, key: redis.incr(key),
    "list": lambda redis, key: redis.rpush(key, "one"),
    "hash": lambda redis, key: redis.hset(key, "one", "two"),
    "set": lambda redis, key: redis.sadd(key, "one"),
    "sorted set": lambda redis, key: redis.zadd(key, {"one": 1}),
    "stream": lambda redis, key: redis.xadd(key, {"one": "two"}),
}
corrupt = pytest.mark.parametrize("write", ENTRIES.values(), ids=ENTRIES.keys())


@pytest.mark.usefixtures("generous_timeouts")
@corrupt
async def test_a_corrupt_entry_is_a_miss_for_its_key_alone(
    client: AsyncClient, session: AsyncSession, redis_client: Redis, write: Write
) -> None:
    broken, sound = await make_item(session), await make_item(session)
    await client.get(f"{ITEMS}/{sound.id}")
    write(redis_client, f"{PREFIX}item:{broken.id}")

    first = await client.get(f"{ITEMS}/{broken.id}")
    second = await client.get(f"{ITEMS}/{sound.id}")

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert second.headers["x-cache"] == "HIT"


@pytest.mark.usefixtures("generous_timeouts")
@corrupt
async def test_a_corrupt_entry_breaks_no_change_and_no_statistics(
    client: AsyncClient, session: AsyncSession, redis_client: Redis, write: Write
) -> None:
    item = await make_item(session)
    for key in (f"item:{item.id}", "statistics"):
        write(redis_client, PREFIX + key)

    statistics = await client.get("/api/v1/statistics")
    changed = await client.patch(f"{ITEMS}/{item.id}", json={"stock": 7})

    assert (statistics.status_code, changed.status_code) == (200, 200)
    assert (await client.get(f"{ITEMS}/{item.id}")).json()["stock"] == 7


@pytest.mark.usefixtures("generous_timeouts")
async def test_an_entry_of_another_type_is_replaced(
    client: AsyncClient, session: AsyncSession, redis_client: Redis
) -> None:
    item = await make_item(session)
    redis_client.rpush(f"{PREFIX}item:{item.id}", "one")

    states = [(await client.get(f"{ITEMS}/{item.id}")).headers["x-cache"] for _ in range(3)]

    assert states == ["MISS", "MISS", "HIT"]
