"""Reads while a value is being loaded."""

import asyncio
from itertools import count

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.read_through import PREFIX, ReadThroughCache
from app.cache.stores import MemoryStore
from app.core.cache import Cached
from app.db.session import Database
from tests.blueprint.rows import add_specimen
from tests.cache.stores import Watched, cache_of
from tests.transactions import recorded_statements

READERS = 20


class Number(BaseModel):
    """A value."""

    number: int


class Loads:
    """Loads 1, 2, 3 ... The first one waits for `go`, and says when it has `started`."""

    def __init__(self) -> None:
        self.numbers = count(1)
        self.started = asyncio.Event()
        self.go = asyncio.Event()

    async def __call__(self) -> Number:
        """Load the next number."""
        number = next(self.numbers)
        if number == 1:
            self.started.set()
            await self.go.wait()
        return Number(number=number)


@pytest.fixture(params=["redis", "memory"])
def store(request: pytest.FixtureRequest, app: FastAPI) -> Watched:
    """Each kind of store."""
    return Watched(cache_of(app).store if request.param == "redis" else MemoryStore())


async def one() -> Number:
    """Load at once."""
    return Number(number=1)


@pytest.mark.usefixtures("generous_timeouts")
async def test_parallel_requests_load_a_row_once(
    client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    url = f"/api/v1/specimens/{(await add_specimen(session)).id}"

    with recorded_statements(database.engine) as statements:
        responses = await asyncio.gather(*(client.get(url) for _ in range(READERS)))

    assert {r.json()["stock"] for r in responses} == {5}
    assert len([s for s in statements if "FROM specimens" in s]) == 1


def start(number: int, cache: ReadThroughCache, load: Loads) -> list[asyncio.Task[Cached[Number]]]:
    """Start readers of one key."""
    return [asyncio.create_task(cache.read("n", Number, load)) for _ in range(number)]


async def test_parallel_readers_share_one_load(store: Watched) -> None:
    cache, load = ReadThroughCache(store, 60), Loads()
    readers = start(READERS, cache, load)
    await store.claimed(READERS)

    load.go.set()

    found = await asyncio.gather(*readers)
    assert [(f.value.number, f.hit) for f in found] == [(1, False)] * READERS
    assert (await cache.read("n", Number, load)).hit is True


async def test_a_failed_load_is_neither_cached_nor_shared(store: Watched) -> None:
    cache = ReadThroughCache(store, 60)

    async def fail() -> Number:
        await store.claimed(2)
        raise LookupError

    failing = asyncio.create_task(cache.read("n", Number, fail))
    await store.claimed(1)
    second = await cache.read("n", Number, one)

    with pytest.raises(LookupError):
        await failing
    assert second.value == Number(number=1)


async def test_a_cancelled_load_is_repeated_by_its_waiters(store: Watched) -> None:
    cache, load = ReadThroughCache(store, 60), Loads()
    [first] = start(1, cache, load)
    await asyncio.wait_for(load.started.wait(), timeout=10)
    [second] = start(1, cache, load)
    await store.claimed(2)

    first.cancel()

    assert (await second).value == Number(number=2)


async def test_a_reader_after_a_change_does_not_share_an_older_load(
    store: Watched,
) -> None:
    cache, elsewhere, load = ReadThroughCache(store, 60), ReadThroughCache(store, 60), Loads()
    [first] = start(1, cache, load)
    await asyncio.wait_for(load.started.wait(), timeout=10)

    await elsewhere.invalidator.delete([f"{PREFIX}n"])
    second = await asyncio.wait_for(cache.read("n", Number, load), timeout=10)
    load.go.set()

    assert ((await first).value.number, second.value.number) == (1, 2)
    assert (await cache.read("n", Number, load)).value.number == 2


async def test_values_do_not_all_expire_at_once() -> None:
    watched = Watched(MemoryStore())
    cache = ReadThroughCache(watched, 60)

    await asyncio.gather(*(cache.read(f"n{n}", Number, one) for n in range(READERS)))

    assert len(set(watched.lifetimes.values())) > READERS / 2
    assert all(48 <= seconds <= 60 for seconds in watched.lifetimes.values())


async def test_an_expired_value_is_loaded_again(store: Watched) -> None:
    cache = ReadThroughCache(store, 0.1)
    await cache.read("n", Number, one)

    await asyncio.sleep(0.5)

    assert (await cache.read("n", Number, one)).hit is False
