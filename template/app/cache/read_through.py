"""The read-through cache: the format of its entries, JSON, and the deletion of stale ones."""

import asyncio
import hashlib
import json
import random
import time
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from functools import cache
from typing import Any, TypeVar
from uuid import uuid4

import structlog
from pydantic import BaseModel, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.cache.stores import LEASE_SECONDS, Store
from app.core.after_commit import after_commit
from app.core.background import cancel_and_wait
from app.core.cache import Cache, Cached
from app.core.config import PROJECT
from app.redis.circuit_breaker import RedisUnavailableError

ModelT = TypeVar("ModelT", bound=BaseModel)

# The version of this format. A changed model needs none: entries name its schema, and keys must
# stay, or a process of the old release could not delete what one of the new release reads.
PREFIX = f"{PROJECT.name}:cache:v1:"
LEASE_PREFIX = '{"lease":'
# For readers that have seen a lease just before it was replaced.
SHARED_LOAD_TTL_SECONDS = 1.0
# Between tries to delete stale entries.
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


def new_lease() -> str:
    """Return a unique lease."""
    return f'{LEASE_PREFIX}"{uuid4().hex}"}}'


def is_lease(text: str) -> bool:
    """Return whether an entry is a lease, not a value."""
    return text.startswith(LEASE_PREFIX)


def encode(model: type[ModelT], value: ModelT) -> str:
    """Serialize a value with the version of its schema."""
    return f"{_prefix(model)}{value.model_dump_json(round_trip=True)}}}"


def decode(model: type[ModelT], text: str) -> ModelT | None:
    """Deserialize a value; None if its schema is another."""
    prefix = _prefix(model)
    if not text.startswith(prefix):
        return None
    try:
        return model.model_validate_json(text[len(prefix) : -1])
    except ValidationError:
        return None


@cache
def _prefix(model: type[BaseModel]) -> str:
    schema = json.dumps(model.model_json_schema(), sort_keys=True).encode()
    return f'{{"schema":"{hashlib.sha256(schema).hexdigest()[:12]}","value":'


class ReadThroughCache(Cache):
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
