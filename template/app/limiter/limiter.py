"""A limiter: this process's own, unless another feature shares the counts."""

import math
import time
from dataclasses import dataclass
from typing import Protocol

from limits import RateLimitItem
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter


@dataclass(frozen=True, slots=True)
class Window:
    """The state of one count. `reset` is in whole seconds from now, at least 1."""

    allowed: bool
    remaining: int
    reset: int


class Limiter(Protocol):
    """Counts by rate and key."""

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count once, unless that is too much."""
        ...

    async def look(self, rate: RateLimitItem, *key: str) -> Window:
        """See whether one more would be allowed, without counting."""
        ...

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Forget the count."""
        ...


class LocalLimiter:
    """Counts in this process alone: needs no server and never fails."""

    def __init__(self) -> None:
        self.limiter = MovingWindowRateLimiter(MemoryStorage())

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count once, unless that is too much."""
        return await self._window(await self.limiter.hit(rate, *key), rate, *key)

    async def look(self, rate: RateLimitItem, *key: str) -> Window:
        """See whether one more would be allowed, without counting."""
        return await self._window(await self.limiter.test(rate, *key), rate, *key)

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Forget the count."""
        await self.limiter.clear(rate, *key)

    async def _window(self, allowed: bool, rate: RateLimitItem, *key: str) -> Window:
        stats = await self.limiter.get_window_stats(rate, *key)
        return Window(allowed, stats.remaining, max(1, math.ceil(stats.reset_time - time.time())))
