"""Deleting entries that have become stale, however long Redis is unavailable."""

import asyncio
import time
from collections.abc import Collection

import structlog

from app.cache.stores import Store
from app.core.background import cancel_and_wait
from app.redis.circuit_breaker import RedisUnavailableError

RETRY_SECONDS = 0.1

log = structlog.get_logger(__name__)


class Invalidator:
    """Deletes entries; retries what fails until `max_age` seconds, when all have expired.

    Meanwhile `pending` is not empty, and this process must not read from the cache.
    """

    def __init__(self, store: Store, max_age: float) -> None:
        self.store = store
        self.max_age = max_age
        self.pending: set[str] = set()
        self.expired_at = 0.0
        self.retries: asyncio.Task[None] | None = None

    async def delete(self, keys: Collection[str]) -> None:
        """Delete the entries, or leave that to a background task."""
        deleted = False
        try:
            await self.store.delete(keys)
            deleted = True
        except RedisUnavailableError:
            log.warning("cache_not_invalidated_yet", entries=len(keys))
        finally:  # also when the request is cancelled: its change is committed
            if not deleted:
                self._delete_later(keys)

    def _delete_later(self, keys: Collection[str]) -> None:
        self.pending.update(keys)
        self.expired_at = time.monotonic() + self.max_age
        if self.retries is None or self.retries.done():
            self.retries = asyncio.create_task(self._retry())

    async def _retry(self) -> None:
        while self.pending:
            keys, expired_at = sorted(self.pending), self.expired_at
            try:
                await self.store.delete(keys)
            except RedisUnavailableError:
                await asyncio.sleep(RETRY_SECONDS)
                if time.monotonic() < self.expired_at:
                    continue
            if expired_at == self.expired_at:  # nothing has been added meanwhile
                self.pending.clear()

    async def close(self) -> None:
        """Stop retrying."""
        await cancel_and_wait([self.retries] if self.retries else [])
