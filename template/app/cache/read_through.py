"""The cache that services read through."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.entry import PREFIX, decode, encode, is_lease, new_lease
from app.cache.forgetting import Forgetting
from app.cache.store import LEASE_SECONDS, Store
from app.core.after_commit import after_commit
from app.core.cache import Cached
from app.redis.guard import RedisUnavailableError

ModelT = TypeVar("ModelT", bound=BaseModel)

# For those who have seen a lease just before it was replaced.
LATECOMERS_SECONDS = 1.0


class ReadThroughCache:
    """Keeps values in a store, so that a change is seen by whoever asks after it was answered.

    Who finds nothing leaves a lease, loads, and replaces that lease by the value. A change drops
    the entry after its commit, lease or value; so what was loaded before the commit finds its
    lease gone, and is not stored. Loads are shared under the lease that is in the store right
    now, for the same reason: while it is there, nothing has changed since it was left.
    """

    def __init__(self, store: Store, seconds: float) -> None:
        self.store = store
        self.seconds = seconds
        self.forgetting = Forgetting(store, longest=LEASE_SECONDS + seconds)
        self.loads: dict[str, asyncio.Future[Any]] = {}

    async def read(
        self, key: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> Cached[ModelT]:
        """Return the value, from the store or by `load`. What `load` raises is not kept."""
        found = await self._claim(PREFIX + key)
        if found is None:
            return Cached(await load(), hit=False)
        if is_lease(found):
            return Cached(await self._load(PREFIX + key, found, model, load), hit=False)
        value = decode(model, found)
        return Cached(await load(), hit=False) if value is None else Cached(value, hit=True)

    def forget(self, session: AsyncSession, *keys: str) -> None:
        """Drop the values once the session's transaction is committed, and not before."""
        names = [PREFIX + key for key in keys]
        after_commit(session, lambda: self.forgetting.drop(names))

    async def _claim(self, name: str) -> str | None:
        if name in self.forgetting.pending:
            return None
        with suppress(RedisUnavailableError):
            return await self.store.claim(name, new_lease())
        return None

    async def _load(
        self, name: str, lease: str, model: type[ModelT], load: Callable[[], Awaitable[ModelT]]
    ) -> ModelT:
        """Load, unless somebody here already does under this lease."""
        if lease in self.loads:
            shared = await asyncio.shield(self.loads[lease])
            return await load() if shared is None else shared
        loop = asyncio.get_running_loop()
        loading = self.loads[lease] = loop.create_future()
        try:
            value = await load()
        except BaseException:  # nobody else's business: the others load for themselves
            del self.loads[lease]
            loading.set_result(None)
            raise
        loading.set_result(value)
        loop.call_later(LATECOMERS_SECONDS, self.loads.pop, lease)
        with suppress(RedisUnavailableError):
            await self.store.fill(name, lease, encode(model, value), self._lifetime())
        return value

    def _lifetime(self) -> float:
        """Seconds: not the same for all, or what was loaded together would expire together."""
        return self.seconds * random.uniform(0.8, 1)  # noqa: S311
