"""Wrappers of stores that a test can block."""

import asyncio
from collections.abc import Collection

from fastapi import FastAPI

from app.cache.read_through import ReadThroughCache
from app.cache.stores import Store
from app.redis.circuit_breaker import RedisUnavailableError


class Watched:
    """Delegates, and records the lifetimes of the values."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.lifetimes: dict[str, float] = {}
        self.claims = 0

    async def get_or_lease(self, key: str, lease: str) -> str | None:
        """Delegate."""
        found = await self.store.get_or_lease(key, lease)
        self.claims += 1
        return found

    async def claimed(self, number: int) -> None:
        """Wait for a number of calls of `get_or_lease`."""
        for _ in range(10_000):
            await asyncio.sleep(0.001)
            if self.claims >= number:
                return
        raise TimeoutError

    async def set_if_leased(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Record the lifetime and delegate."""
        self.lifetimes[key] = seconds
        await self.store.set_if_leased(key, lease, value, seconds)

    async def delete(self, keys: Collection[str]) -> None:
        """Delegate."""
        await self.store.delete(keys)


class CutOff(Watched):
    """Cannot delete while it is `cut`."""

    cut = True

    async def delete(self, keys: Collection[str]) -> None:
        """Fail, or delegate."""
        if self.cut:
            raise RedisUnavailableError
        await super().delete(keys)


class LateOnce(Watched):
    """Blocks the first `set_if_leased`, once `reached`, until `late` is set."""

    def __init__(self, store: Store) -> None:
        super().__init__(store)
        self.reached = asyncio.Event()
        self.late = asyncio.Event()

    async def set_if_leased(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Block the first time."""
        if not self.reached.is_set():
            self.reached.set()
            await self.late.wait()
        await super().set_if_leased(key, lease, value, seconds)


def cache_of(app: FastAPI) -> ReadThroughCache:
    """The cache of an app."""
    assert isinstance(app.state.cache, ReadThroughCache)
    return app.state.cache
