"""The read-through cache."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.entry import PREFIX, decode, encode, is_lease, new_lease
from app.cache.invalidation import Invalidator
from app.cache.stores import LEASE_SECONDS, Store
from app.core.after_commit import after_commit
from app.core.cache import Cached
from app.redis.circuit_breaker import RedisUnavailableError

ModelT = TypeVar("ModelT", bound=BaseModel)

# For readers that have seen a lease just before it was replaced.
SHARED_LOAD_TTL_SECONDS = 1.0


class ReadThroughCache:
    """Reads through a store, with leases against stale values and parallel loads.

    As in memcached at Facebook (Nishtala et al., 2013, §3.2.1): a miss stores a lease, loads the
    value, and replaces that lease by it. A change deletes the entry after its commit, lease or
    value; so a value loaded before the commit finds its lease gone, and is not stored. Readers
    share a load by the lease that is in the store now: while it is there, nothing has changed.
    """

    def __init__(self, store: Store, ttl_seconds: float) -> None:
        self.store = store
        self.ttl_seconds = ttl_seconds
        self.invalidator = Invalidator(store, max_age=LEASE_SECONDS + ttl_seconds)
        self.loads: dict[str, asyncio.Future[Any]] = {}

    async def read(
        self, key: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> Cached[ModelT]:
        """Return the value, from the store or by `load`. An error of `load` is not cached."""
        name = PREFIX + key
        entry = None
        if not self.invalidator.pending:
            with suppress(RedisUnavailableError):
                entry = await self.store.get_or_lease(name, new_lease())
        if entry is not None and is_lease(entry):
            return Cached(await self._load(name, entry, model, load), hit=False)
        value = None if entry is None else decode(model, entry)
        return Cached(await load(), hit=False) if value is None else Cached(value, hit=True)

    def invalidate(self, session: AsyncSession, *keys: str) -> None:
        """Delete the values after the session's commit."""
        names = [PREFIX + key for key in keys]
        after_commit(session, lambda: self.invalidator.delete(names))

    async def _load(
        self, name: str, lease: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> ModelT:
        """Load the value, or wait for a load that runs in this process under the same lease."""
        if lease in self.loads:
            shared = await asyncio.shield(self.loads[lease])
            return await load() if shared is None else shared
        loop = asyncio.get_running_loop()
        loading = self.loads[lease] = loop.create_future()
        try:
            value = await load()
        except BaseException:  # an error is not shared: the other readers load for themselves
            del self.loads[lease]
            loading.set_result(None)
            raise
        loading.set_result(value)
        loop.call_later(SHARED_LOAD_TTL_SECONDS, self.loads.pop, lease)
        with suppress(RedisUnavailableError):
            # With jitter, or what was loaded at once would expire at once.
            ttl = self.ttl_seconds * random.uniform(0.8, 1)  # noqa: S311
            await self.store.set_if_leased(name, lease, encode(model, value), ttl)
        return value
