"""What cannot be dropped at once."""

import asyncio
from collections.abc import Collection

import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from app.cache import forgetting
from app.cache.entry import PREFIX
from app.cache.read_through import ReadThroughCache
from app.cache.redis_store import DISTRUST_SECONDS
from app.cache.store import LocalStore
from app.redis import guard
from app.redis.guard import RedisUnavailableError
from tests.cache.stores import CutOff, cache_of
from tests.conftest import MakeApp
from tests.redis.servers import RedisServer


class Word(BaseModel):
    """Something to keep."""

    word: str


async def old() -> Word:
    """Load what was."""
    return Word(word="old")


async def new() -> Word:
    """Load what is."""
    return Word(word="new")


@pytest.fixture
async def cut_off() -> CutOff:
    """A store that can be filled and read."""
    return CutOff(LocalStore())


async def settled(cache: ReadThroughCache) -> None:
    """Wait until nothing is pending."""
    assert cache.forgetting.retrying is not None
    await asyncio.wait_for(cache.forgetting.retrying, timeout=10)


async def test_it_is_not_read_until_it_is_dropped(cut_off: CutOff) -> None:
    cache = ReadThroughCache(cut_off, 60)
    await cache.read("w", Word, old)
    await cache.forgetting.drop([f"{PREFIX}w"])

    meanwhile = [await cache.read("w", Word, new) for _ in range(2)]
    cut_off.cut = False
    await settled(cache)
    after = [await cache.read("w", Word, new) for _ in range(2)]

    assert [(found.value.word, found.hit) for found in meanwhile] == [("new", False)] * 2
    assert [(found.value.word, found.hit) for found in after] == [("new", False), ("new", True)]


async def test_it_is_given_up_when_it_must_have_expired(
    cut_off: CutOff, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "RETRY_SECONDS", 0.01)
    cut_off_for_good = forgetting.Forgetting(cut_off, longest=0.05)

    await cut_off_for_good.drop(["w"])

    assert cut_off_for_good.retrying is not None
    await asyncio.wait_for(cut_off_for_good.retrying, timeout=10)
    assert not cut_off_for_good.pending


async def test_a_request_cancelled_while_it_drops_leaves_that_to_a_task(cut_off: CutOff) -> None:
    cache = ReadThroughCache(Hanging(cut_off), 60)
    dropping = asyncio.create_task(cache.forgetting.drop(["w"]))
    await asyncio.sleep(0)

    dropping.cancel()

    with pytest.raises(asyncio.CancelledError):
        await dropping
    assert cache.forgetting.pending.keys() == {"w"}
    await cache.forgetting.close()


class Hanging(CutOff):
    """Takes for ever to drop."""

    async def drop(self, keys: Collection[str]) -> None:
        """Wait."""
        await asyncio.Event().wait()


async def test_a_service_that_stops_stops_trying(
    make_app: MakeApp, redis_server: RedisServer
) -> None:
    app = await make_app(REDIS_URL=redis_server.url)
    redis_server.stop()

    async with app.router.lifespan_context(app):
        await cache_of(app).forgetting.drop([f"{PREFIX}w"])
        retrying = cache_of(app).forgetting.retrying

    assert retrying is not None
    assert retrying.cancelled()


async def test_a_redis_that_was_away_is_not_believed_at_once(
    make_app: MakeApp, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    app: FastAPI = await make_app(REDIS_URL=redis_server.url)
    store = cache_of(app).store
    with redis_server.frozen(), pytest.raises(RedisUnavailableError):
        await store.claim("w", "lease")
    monkeypatch.setattr(guard, "TIMEOUT_SECONDS", 60)

    await app.state.redis.ping()  # ends the pause

    with pytest.raises(RedisUnavailableError):
        await store.claim("w", "lease")
    await asyncio.sleep(DISTRUST_SECONDS)
    assert await store.claim("w", "lease") == "lease"
