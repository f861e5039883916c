"""Entries in Redis, shared by all processes."""

import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.cache.store import LEASE_SECONDS
from app.redis.guard import (
    TIMEOUT_SECONDS,
    GuardedRedis,
    RedisEntryError,
    RedisUnavailableError,
)
from app.redis.patience import patience

T = TypeVar("T")

# When Redis is back, other processes may still be dropping what they could not drop meanwhile.
DISTRUST_SECONDS = 0.5
FILL = """
if redis.pcall('GET', KEYS[1]) == ARGV[1] then
    redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
end
"""


class RedisStore:
    """Raises `RedisUnavailableError` when Redis is down or slow, and soon after."""

    def __init__(self, redis: GuardedRedis) -> None:
        self.redis = redis
        self._away = False
        self._distrusted_until = 0.0

    async def claim(self, key: str, lease: str) -> str | None:
        """Return the entry, or leave the lease; None if it is gone meanwhile, or no text."""

        async def question(redis: Redis) -> Any:
            if found := await redis.get(key):
                return found
            async with redis.pipeline(transaction=False) as pipe:
                pipe.set(key, lease, nx=True, ex=LEASE_SECONDS)
                pipe.get(key)
                return (await pipe.execute())[1]

        try:
            found = await self._ask(question)
            return found.decode() if found else None
        except (RedisEntryError, UnicodeDecodeError):
            await self.drop([key])
            return None

    async def fill(self, key: str, lease: str, value: str, seconds: float) -> None:
        """Replace the lease."""
        milliseconds = str(int(seconds * 1000))

        async def question(redis: Redis) -> Any:
            return await redis.eval(FILL, 1, key, lease, value, milliseconds)

        await self._ask(question)

    async def drop(self, keys: Collection[str]) -> None:
        """Delete the entries, asking even in the pause after a failure: others may well read."""
        try:
            async with patience(TIMEOUT_SECONDS):
                await self.redis.client.unlink(*keys)
        except (RedisError, OSError, TimeoutError) as error:
            self._away = True
            raise RedisUnavailableError from error

    async def _ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        try:
            answer = await self.redis.ask(question)
        except RedisEntryError:
            raise
        except RedisUnavailableError:
            self._away = True
            raise
        if self._away:
            self._away = False
            self._distrusted_until = time.monotonic() + DISTRUST_SECONDS
        if time.monotonic() < self._distrusted_until:
            raise RedisUnavailableError
        return answer
