"""Dropping entries, however long that takes."""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress

import structlog

from app.cache.store import Store
from app.core.tasks import end
from app.redis.guard import RedisUnavailableError

RETRY_SECONDS = 0.1

log = structlog.get_logger(__name__)


class Forgetting:
    """Drops entries of a store. What it cannot drop now is pending, and not to be read here.

    `longest` is the seconds after which an entry is gone by itself.
    """

    def __init__(self, store: Store, longest: float) -> None:
        self.store = store
        self.longest = longest
        self.pending: dict[str, float] = {}
        self.retrying: asyncio.Task[None] | None = None

    async def drop(self, keys: Collection[str]) -> None:
        """Drop the entries, or leave that to a task that goes on trying."""
        dropped = False
        try:
            await self.store.drop(keys)
            dropped = True
        except RedisUnavailableError:
            log.warning("cache_not_invalidated_yet", entries=len(keys))
        finally:  # a request that is cancelled here has changed the data too
            if not dropped:
                self._retry(keys)

    def _retry(self, keys: Collection[str]) -> None:
        gone = time.monotonic() + self.longest
        self.pending.update(dict.fromkeys(keys, gone))
        if self.retrying is None or self.retrying.done():
            self.retrying = asyncio.create_task(self._drop_pending())

    async def _drop_pending(self) -> None:
        while self.pending:
            tried = dict(self.pending)
            with suppress(RedisUnavailableError):
                await self.store.drop(tried)
                self._settle(tried)
            now = time.monotonic()
            self._settle({key: gone for key, gone in tried.items() if gone < now})
            await asyncio.sleep(RETRY_SECONDS)

    def _settle(self, tried: dict[str, float]) -> None:
        """Take off the list what was not put there anew meanwhile."""
        for key, gone in tried.items():
            if self.pending.get(key) == gone:
                del self.pending[key]

    async def close(self) -> None:
        """Stop trying."""
        await end([self.retrying] if self.retrying else [])
