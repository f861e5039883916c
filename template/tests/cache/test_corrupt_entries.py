"""A Redis entry that is no value is a miss, and affects no other key."""

from collections.abc import Callable

import pytest
from httpx2 import AsyncClient
from redis import Redis
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.read_through import PREFIX
from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen

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
    broken, sound = await add_specimen(session), await add_specimen(session)
    await client.get(f"{SPECIMENS}/{sound.id}")
    write(redis_client, f"{PREFIX}specimen:{broken.id}")

    first = await client.get(f"{SPECIMENS}/{broken.id}")
    second = await client.get(f"{SPECIMENS}/{sound.id}")

    assert (first.status_code, first.headers["x-cache"]) == (200, "MISS")
    assert second.headers["x-cache"] == "HIT"


@pytest.mark.usefixtures("generous_timeouts")
@corrupt
async def test_a_corrupt_entry_breaks_no_change(
    client: AsyncClient, session: AsyncSession, redis_client: Redis, write: Write
) -> None:
    specimen = await add_specimen(session)
    write(redis_client, f"{PREFIX}specimen:{specimen.id}")

    changed = await client.patch(f"{SPECIMENS}/{specimen.id}", json={"stock": 7})

    assert changed.status_code == 200
    assert (await client.get(f"{SPECIMENS}/{specimen.id}")).json()["stock"] == 7


@pytest.mark.usefixtures("generous_timeouts")
async def test_an_entry_of_another_type_is_replaced(
    client: AsyncClient, session: AsyncSession, redis_client: Redis
) -> None:
    specimen = await add_specimen(session)
    redis_client.rpush(f"{PREFIX}specimen:{specimen.id}", "one")

    states = [(await client.get(f"{SPECIMENS}/{specimen.id}")).headers["x-cache"] for _ in range(3)]

    assert states == ["MISS", "MISS", "HIT"]
