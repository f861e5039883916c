"""Entries that cannot be deleted at once."""

import asyncio
from collections.abc import Collection

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from app.cache import read_through
from app.cache.read_through import PREFIX, ReadThroughCache
from app.cache.stores import RECOVERY_SECONDS, MemoryStore
from app.redis import circuit_breaker
from app.redis.circuit_breaker import RedisUnavailableError
from tests.cache.stores import CutOff, cache_of
from tests.conftest import MakeApp
from tests.redis.servers import RedisServer


class Word(BaseModel):
    """A value."""

    word: str


async def old() -> Word:
    """Load the old value."""
    return Word(word="old")


async def new() -> Word:
    """Load the new value."""
    return Word(word="new")


@pytest.fixture
async def cut_off() -> CutOff:
    """A store that can be filled and read."""
    return CutOff(MemoryStore())


async def settled(cache: ReadThroughCache) -> None:
    """Wait for the retries."""
    assert cache.invalidator.retries is not None
    await asyncio.wait_for(cache.invalidator.retries, timeout=10)


async def test_the_cache_is_bypassed_until_they_are_deleted(cut_off: CutOff) -> None:
    cache = ReadThroughCache(cut_off, 60)
    await cache.read("w", Word, old)
    await cache.invalidator.delete([f"{PREFIX}w"])

    meanwhile = [await cache.read("w", Word, new) for _ in range(2)]
    cut_off.cut = False
    await settled(cache)
    after = [await cache.read("w", Word, new) for _ in range(2)]

    assert [(found.value.word, found.hit) for found in meanwhile] == [("new", False)] * 2
    assert [(found.value.word, found.hit) for found in after] == [("new", False), ("new", True)]


async def test_retries_stop_when_all_entries_have_expired(
    cut_off: CutOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read_through, "RETRY_SECONDS", 0.01)
    invalidator = read_through.Invalidator(cut_off, max_age=0.05)

    await invalidator.delete(["w"])

    assert invalidator.retries is not None
    await asyncio.wait_for(invalidator.retries, timeout=10)
    assert not invalidator.pending


async def test_a_cancelled_request_leaves_the_deletion_to_a_task(cut_off: CutOff) -> None:
    cache = ReadThroughCache(Hanging(cut_off), 60)
    deleting = asyncio.create_task(cache.invalidator.delete(["w"]))
    await asyncio.sleep(0)

    deleting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await deleting
    assert cache.invalidator.pending == {"w"}
    await cache.invalidator.close()


class Hanging(CutOff):
    """Never returns from `delete`."""

    async def delete(self, keys: Collection[str]) -> None:
        """Wait."""
        await asyncio.Event().wait()


async def test_retries_stop_at_shutdown(make_app: MakeApp, redis_server: RedisServer) -> None:
    app = await make_app(REDIS_URL=redis_server.url)
    redis_server.stop()

    async with app.router.lifespan_context(app):
        await cache_of(app).invalidator.delete([f"{PREFIX}w"])
        retrying = cache_of(app).invalidator.retries

    assert retrying is not None
    assert retrying.cancelled()


async def test_the_cache_is_bypassed_shortly_after_an_outage(
    make_app: MakeApp, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: FastAPI = await make_app(REDIS_URL=redis_server.url)
    store = cache_of(app).store
    with redis_server.frozen(), pytest.raises(RedisUnavailableError):
        await store.get_or_lease("w", "lease")
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 60)

    await app.state.redis.ping()  # closes the breaker

    with pytest.raises(RedisUnavailableError):
        await store.get_or_lease("w", "lease")
    await asyncio.sleep(RECOVERY_SECONDS)
    assert await store.get_or_lease("w", "lease") == "lease"
