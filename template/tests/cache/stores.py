"""Stores that a test can hold up, in front of real ones."""

import asyncio
from collections.abc import Collection

from fastapi import FastAPI

from app.cache.read_through import ReadThroughCache
from app.cache.store import Store
from app.redis.guard import RedisUnavailableError


class Watched:
    """Passes everything on, and writes down what is filled, and for how long."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lifetimes: dict[str, float] = {}
        self.claims = 0

    async def claim(self, key: str, lease: str) -> str | None:
        """Pass it on."""
        found = await self.store.claim(key, lease)
        self.claims += 1
        return found

    async def claimed(self, number: int) -> None:
        """Wait until so many claims were answered and acted upon."""
        for _ in range(10_000):
            await asyncio.sleep(0.001)
            if self.claims >= number:
                return
        raise TimeoutError

    async def fill(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Write it down and pass it on."""
        self.lifetimes[key] = seconds
        await self.store.fill(key, lease, value, seconds)

    async def drop(self, keys: Collection[str]) -> None:
        """Pass it on."""
        await self.store.drop(keys)


class CutOff(Watched):
    """Cannot be reached to drop anything while it is `cut`."""

    cut = True

    async def drop(self, keys: Collection[str]) -> None:
        """Fail, or pass it on."""
        if self.cut:
            raise RedisUnavailableError
        await super().drop(keys)


class LateOnce(Watched):
    """Holds up the first fill until `late` is set; `reached` says that it has come."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reached = asyncio.Event()
        self.late = asyncio.Event()

    async def fill(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Wait, the first time."""
        if not self.reached.is_set():
            self.reached.set()
            await self.late.wait()
        await super().fill(key, lease, value, seconds)


def cache_of(app: FastAPI) -> ReadThroughCache:
    """The cache of an app, which must be on."""
    assert isinstance(app.state.cache, ReadThroughCache)
    return app.state.cache
