"""Counting over all processes, in Redis."""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from limits import RateLimitItem
from limits.aio.storage import RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter

from app.core.project import PROJECT
from app.limiter.limiter import LocalLimiter, Window, hidden, window
from app.redis.guard import GuardedRedis, RedisEntryError, RedisUnavailableError


class SharedLimiter:
    """Counts in Redis; while that does not answer, what this process itself has allowed counts.

    A moving window: the counters that take less room estimate, and would let more through than
    was promised. A script in Redis looks and counts in one step, so parallel hits do not slip by.
    """

    def __init__(self, redis: GuardedRedis) -> None:
        self.redis = redis
        self.seen = LocalLimiter()  # what this process has allowed
        self.untold = LocalLimiter()  # of that, what Redis does not know
        storage = RedisStorage(
            "async+redis://",
            implementation="redispy",
            key_prefix=PROJECT.name,
            connection_pool=redis.client.connection_pool,  # ty: ignore[invalid-argument-type]
        )
        self.shared = MovingWindowRateLimiter(storage)

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count once, unless that is too much."""
        try:
            shared = await self._ask(self._hit, rate, hidden(key))
        except RedisUnavailableError:
            own = await self.seen.hit(rate, *key)
            if own.allowed:
                await self.untold.hit(rate, *key)
            return own
        together = await self._with_untold(shared, rate, *key)
        if together.allowed:
            await self.seen.hit(rate, *key)
        return together

    async def look(self, rate: RateLimitItem, *key: str) -> Window:
        """See whether one more would be allowed, without counting."""
        try:
            shared = await self._ask(self._look, rate, hidden(key))
        except RedisUnavailableError:
            return await self.seen.look(rate, *key)
        return await self._with_untold(shared, rate, *key)

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Forget the count."""
        await self.seen.clear(rate, *key)
        await self.untold.clear(rate, *key)
        with suppress(RedisUnavailableError):
            await self.redis.ask(lambda _: self.shared.clear(rate, *hidden(key)))

    async def _ask(
        self,
        question: Callable[[RateLimitItem, tuple[str, str]], Awaitable[Window]],
        rate: RateLimitItem,
        key: tuple[str, str],
    ) -> Window:
        """Ask Redis. What is no count of ours under the key is deleted, and counted anew."""
        try:
            return await self.redis.ask(lambda _: question(rate, key))
        except RedisEntryError:
            await self.redis.ask(lambda _: self.shared.clear(rate, *key))
            return await self.redis.ask(lambda _: question(rate, key))

    async def _with_untold(self, shared: Window, rate: RateLimitItem, *key: str) -> Window:
        """Add what we have allowed while Redis did not answer."""
        untold = rate.amount - (await self.untold.look(rate, *key)).remaining
        if not untold:
            return shared
        left = shared.remaining - untold
        return replace(shared, allowed=shared.allowed and left >= 0, remaining=max(0, left))

    async def _hit(self, rate: RateLimitItem, key: tuple[str, str]) -> Window:
        allowed = await self.shared.hit(rate, *key)
        return replace(await self._look(rate, key), allowed=allowed)

    async def _look(self, rate: RateLimitItem, key: tuple[str, str]) -> Window:
        stats = await self.shared.get_window_stats(rate, *key)
        count, seconds = rate.amount - stats.remaining, stats.reset_time - time.time()
        return window(rate, allowed=stats.remaining > 0, count=count, seconds=seconds)
