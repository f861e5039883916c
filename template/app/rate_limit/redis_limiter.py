"""Rate limits that all processes share."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItem
from redis.asyncio import Redis

from app.core.config import PROJECT
from app.rate_limit.limiter import Hits, RateLimiter, Window
from app.redis.circuit_breaker import RedisBreaker, RedisEntryError, RedisUnavailableError

T = TypeVar("T")
Operation = Callable[..., Awaitable[T]]


# A window is a list of the times of its hits, the newest first.
READ = """
local now, limit, expiry = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - expiry do
    redis.call('RPOP', KEYS[1])
    oldest = redis.call('LINDEX', KEYS[1], -1)
end
local count = redis.call('LLEN', KEYS[1])
local allowed = count < limit
if allowed and ARGV[4] == 'hit' then
    count = redis.call('LPUSH', KEYS[1], ARGV[1])
    redis.call('EXPIRE', KEYS[1], ARGV[3])
end
return {allowed and 1 or 0, count, oldest or ARGV[1]}
"""


class RedisStorage:
    """Moving windows in Redis. The storage of `limits` needs two round trips for a hit."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self.script = client.register_script(READ)

    async def read(self, key: str, limit: int, expiry: int, *, hit: bool) -> Hits:
        """Read a window, and count a hit: one script, so parallel hits are exact."""
        arguments = [repr(time.time()), limit, expiry, "hit" if hit else "check"]
        allowed, count, oldest = await self.script([self._key(key)], arguments)
        return Hits(bool(allowed), count, float(oldest))

    async def clear(self, key: str) -> None:
        """Delete the window."""
        await self.client.delete(self._key(key))

    def _key(self, key: str) -> str:
        return f"{PROJECT.name}:{key}"


class RedisRateLimiter(RateLimiter):
    """Counts in Redis; while it is unavailable, each process counts for itself.

    A moving window: fixed windows and sliding counters would allow more than the rate.
    """

    def __init__(self, redis: RedisBreaker) -> None:
        super().__init__(RedisStorage(redis.client))
        self.redis = redis
        self.fallback = RateLimiter()

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count a hit unless the limit is reached."""
        return await self._run(super().hit, self.fallback.hit, rate, *key)

    async def check(self, rate: RateLimitItem, *key: str) -> Window:
        """Return whether a hit would be allowed, without counting one."""
        return await self._run(super().check, self.fallback.check, rate, *key)

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Reset the window, here and in Redis."""
        await self.fallback.clear(rate, *key)
        await self._run(super().clear, self.fallback.clear, rate, *key)

    async def _run(
        self, shared: Operation[T], local: Operation[T], rate: RateLimitItem, *key: str
    ) -> T:
        """Use Redis, or the fallback. An entry that is no window is deleted first."""
        try:
            try:
                return await self.redis.call(lambda _: shared(rate, *key))
            except RedisEntryError:
                await self.redis.call(lambda _: RateLimiter.clear(self, rate, *key))
                return await self.redis.call(lambda _: shared(rate, *key))
        except RedisUnavailableError:
            return await local(rate, *key)
