"""Rate limits that all processes share."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from limits import RateLimitItem
from limits.aio.storage import RedisStorage

from app.core.project import PROJECT
from app.rate_limit.limiter import RateLimiter, Window
from app.redis.circuit_breaker import RedisBreaker, RedisEntryError, RedisUnavailableError

T = TypeVar("T")
Operation = Callable[..., Awaitable[T]]


class RedisRateLimiter(RateLimiter):
    """Counts in Redis; while it is unavailable, each process counts for itself.

    A moving window: fixed windows and sliding counters would allow more than the rate. Redis
    checks and counts in one script, so parallel hits are exact.
    """

    def __init__(self, redis: RedisBreaker) -> None:
        super().__init__(
            RedisStorage(
                "async+redis://",
                implementation="redispy",
                key_prefix=PROJECT.name,
                connection_pool=redis.client.connection_pool,  # ty: ignore[invalid-argument-type]
            )
        )
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
