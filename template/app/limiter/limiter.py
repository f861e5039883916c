"""A limiter: this process's own, unless another feature shares the counts."""

import math
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Protocol

from limits import RateLimitItem

# Below so many counts none is looked at for being over.
FEW = 1000


@dataclass(frozen=True, slots=True)
class Window:
    """The state of one count. `reset` is in whole seconds from now, at least 1."""

    allowed: bool
    remaining: int
    reset: int


class Limiter(Protocol):
    """Counts by rate and key, whose first part says what is counted."""

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count once, unless that is too much."""
        ...

    async def look(self, rate: RateLimitItem, *key: str) -> Window:
        """See whether one more would be allowed, without counting."""
        ...

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Forget the count."""
        ...


def hidden(key: tuple[str, ...]) -> tuple[str, str]:
    """Shorten a key. It is what callers send, so it may be personal, or very long."""
    purpose, *rest = key
    parts = "\0".join(rest).encode("utf-8", "surrogatepass")
    return purpose, blake2b(parts, digest_size=16).hexdigest()


def window(rate: RateLimitItem, *, allowed: bool, count: int, seconds: float) -> Window:
    """Make a window from what is counted and when the first of it will be forgotten."""
    return Window(allowed, max(0, rate.amount - count), max(1, math.ceil(seconds)))


@dataclass(slots=True)
class Count:
    """When something was done, oldest first, as far as it still counts."""

    lasts: int
    times: list[float] = field(default_factory=list)

    def forget(self, now: float) -> None:
        """Drop what is too old."""
        del self.times[: bisect_right(self.times, now - self.lasts)]


class LocalLimiter:
    """Counts in this process alone: needs no server and never fails.

    A moving window, as exact as the shared one. Nothing here awaits, so that parallel hits are
    counted one after the other.
    """

    def __init__(self) -> None:
        self.counts: dict[str, Count] = {}
        self.crowded = FEW

    async def hit(self, rate: RateLimitItem, *key: str) -> Window:
        """Count once, unless that is too much."""
        now = time.monotonic()
        count = self._count(rate, key, now)
        if allowed := len(count.times) < rate.amount:
            count.times.append(now)
        return self._window(rate, count, now, allowed=allowed)

    async def look(self, rate: RateLimitItem, *key: str) -> Window:
        """See whether one more would be allowed, without counting."""
        now = time.monotonic()
        count = self._count(rate, key, now)
        return self._window(rate, count, now, allowed=len(count.times) < rate.amount)

    async def clear(self, rate: RateLimitItem, *key: str) -> None:
        """Forget the count."""
        self.counts.pop(rate.key_for(*hidden(key)), None)

    def _count(self, rate: RateLimitItem, key: tuple[str, ...], now: float) -> Count:
        if len(self.counts) > self.crowded:
            self._sweep(now)
        count = self.counts.setdefault(rate.key_for(*hidden(key)), Count(rate.get_expiry()))
        count.forget(now)
        return count

    def _sweep(self, now: float) -> None:
        """Drop the counts that are over; seldom enough to cost each hit next to nothing."""
        for name, count in list(self.counts.items()):
            count.forget(now)
            if not count.times:
                del self.counts[name]
        self.crowded = max(FEW, 2 * len(self.counts))

    def _window(self, rate: RateLimitItem, count: Count, now: float, *, allowed: bool) -> Window:
        oldest = count.times[0] if count.times else now
        seconds = oldest + count.lasts - now
        return window(rate, allowed=allowed, count=len(count.times), seconds=seconds)
