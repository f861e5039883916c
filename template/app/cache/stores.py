"""Where entries are stored: a port, in memory and in Redis."""

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection
from typing import Any, Protocol, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.redis.circuit_breaker import (
    TIMEOUT_SECONDS,
    RedisBreaker,
    RedisEntryError,
    RedisUnavailableError,
    loop_timeout,
)

T = TypeVar("T")

# Longer than a load may take: the waits for a connection and for a statement are bounded.
LEASE_SECONDS = 15
MAX_ENTRIES = 10_000
# When Redis is back, other processes may still have to delete what they could not delete before.
RECOVERY_SECONDS = 0.5
SET_IF_LEASED = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
"""


class Store(Protocol):
    """One text per key: a value, or the lease of a process that is loading the value.

    An entry may vanish at any time, a lease too; that costs a load and nothing else.
    """

    async def get_or_lease(self, key: str, lease: str) -> str | None:
        """Return the entry. If there is none, store the lease and return it."""
        ...

    async def set_if_leased(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace this lease by the value; do nothing if the entry is another."""
        ...

    async def delete(self, keys: Collection[str]) -> None:
        """Delete the entries, leases too."""
        ...


class MemoryStore:
    """Entries in this process: the least recently used make room."""

    def __init__(self) -> None:
        self.entries: OrderedDict[str, tuple[str, float]] = OrderedDict()

    async def get_or_lease(self, key: str, lease: str) -> str:
        """Return the entry, or store the lease."""
        text, expires_at = self.entries.get(key, (lease, 0.0))
        if expires_at <= time.monotonic():
            self._set(key, lease, LEASE_SECONDS)
            return lease
        self.entries.move_to_end(key)
        return text

    async def set_if_leased(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace the lease."""
        if key in self.entries and self.entries[key][0] == lease:
            self._set(key, value, seconds)

    async def delete(self, keys: Collection[str]) -> None:
        """Delete the entries."""
        for key in keys:
            self.entries.pop(key, None)

    def _set(self, key: str, text: str, seconds: float) -> None:
        self.entries[key] = (text, time.monotonic() + seconds)
        self.entries.move_to_end(key)
        if len(self.entries) > MAX_ENTRIES:
            self.entries.popitem(last=False)


class RedisStore:
    """Entries in Redis. Raises `RedisUnavailableError` during an outage, and shortly after."""

    def __init__(self, redis: RedisBreaker) -> None:
        self.redis = redis
        self._unavailable = False
        self._recovering_until = 0.0

    async def get_or_lease(self, key: str, lease: str) -> str | None:
        """Return the entry, or store the lease; None if it has just vanished or is no text."""

        async def command(redis: Redis) -> Any:
            if entry := await redis.get(key):
                return entry
            async with redis.pipeline(transaction=False) as pipe:
                pipe.set(key, lease, nx=True, ex=LEASE_SECONDS)
                pipe.get(key)
                return (await pipe.execute())[1]

        try:
            entry = await self._call(command)
            return entry.decode() if entry else None
        except (RedisEntryError, UnicodeDecodeError):
            await self.delete([key])
            return None

    async def set_if_leased(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace the lease."""
        milliseconds = str(int(seconds * 1000))

        async def command(redis: Redis) -> Any:
            return await redis.eval(SET_IF_LEASED, 1, key, lease, value, milliseconds)

        await self._call(command)

    async def delete(self, keys: Collection[str]) -> None:
        """Delete the entries even while the breaker is open: other processes may read them."""
        try:
            async with loop_timeout(TIMEOUT_SECONDS):
                await self.redis.client.unlink(*keys)
        except (RedisError, OSError, TimeoutError) as error:
            self._unavailable = True
            raise RedisUnavailableError from error

    async def _call(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        try:
            result = await self.redis.call(command)
        except RedisEntryError:
            raise
        except RedisUnavailableError:
            self._unavailable = True
            raise
        if self._unavailable:
            self._unavailable = False
            self._recovering_until = time.monotonic() + RECOVERY_SECONDS
        if time.monotonic() < self._recovering_until:
            raise RedisUnavailableError
        return result
