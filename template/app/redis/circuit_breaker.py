"""A circuit breaker for Redis: no request waits for a server that is down or slow."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

T = TypeVar("T")

# For one call, with connecting.
TIMEOUT_SECONDS = 0.1
# A timeout is cut into so many: see `loop_timeout`.
TICKS = 5
# A request may make several calls, so one that takes more than half of the time opens the breaker.
SLOW_TICKS = TICKS // 2
# How long the breaker stays open after a failure. Then one call is let through.
OPEN_SECONDS = 1.0
# Each on a connection of its own. Redis runs one command at a time: more would not be faster.
MAX_CONCURRENT_CALLS = 8

log = structlog.get_logger(__name__)


class LoopTimeout:
    """The time that is left, in ticks."""

    def __init__(self, timeout: asyncio.Timeout, seconds: float) -> None:
        self.timeout = timeout
        self.loop = asyncio.get_running_loop()
        self.tick_seconds = seconds / TICKS
        self.ticks_left = TICKS
        self.timer = self.loop.call_later(self.tick_seconds, self._tick)

    def _tick(self) -> None:
        self.ticks_left -= 1
        if self.ticks_left:
            self.timer = self.loop.call_later(self.tick_seconds, self._tick)
        else:
            self.timeout.reschedule(self.loop.time())


@asynccontextmanager
async def loop_timeout(seconds: float) -> AsyncGenerator[LoopTimeout, None]:
    """Raise `TimeoutError` after `seconds`; a busy event loop does not count.

    `asyncio.timeout` would blame the server for our own work: while the loop is busy, answers that
    have arrived wait to be read. So the time is cut into ticks, and a long step of the loop counts
    as one.
    """
    async with asyncio.timeout(None) as timeout:
        waiting = LoopTimeout(timeout, seconds)
        try:
            yield waiting
        finally:
            waiting.timer.cancel()


class RedisUnavailableError(Exception):
    """Redis is down or slow, or the breaker is open. Use the fallback."""


class RedisEntryError(RedisUnavailableError):
    """Redis works, but the entry under this key has another type or encoding."""


class RedisBreaker:
    """Calls Redis, with one error for all failures."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self._semaphore = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._open_until = 0.0

    async def call(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """Return the result, or raise `RedisUnavailableError` after `TIMEOUT_SECONDS`.

        An entry that cannot be read raises `RedisEntryError` and does not open the breaker.
        """
        self._raise_if_open()
        async with self._semaphore:  # the timeout does not count the wait for it
            self._raise_if_open()
            if self._open_until:
                self._open()  # half-open: this call tries, the others fail until it succeeds
            try:
                async with loop_timeout(TIMEOUT_SECONDS) as timeout:
                    result = await command(self.client)
            except (RedisError, OSError, TimeoutError, ValueError, OverflowError) as error:
                if is_about_entry(error):
                    self._close()
                    log.warning("redis_entry_unreadable", error=type(error).__name__)
                    raise RedisEntryError from error
                self._fail(type(error).__name__)
                raise RedisUnavailableError from error
        if timeout.ticks_left <= SLOW_TICKS:
            self._fail("Slow")
        else:
            self._close()
        return result

    async def ping(self) -> None:
        """Ping Redis even while the breaker is open, and close it if Redis answers."""
        async with loop_timeout(TIMEOUT_SECONDS):
            await self.client.ping()
        self._close()

    def _raise_if_open(self) -> None:
        if time.monotonic() < self._open_until:
            raise RedisUnavailableError

    def _fail(self, reason: str) -> None:
        if not self._open_until:
            log.warning("redis_unavailable", error=reason)
        self._open()

    def _open(self) -> None:
        self._open_until = time.monotonic() + OPEN_SECONDS

    def _close(self) -> None:
        if self._open_until:
            self._open_until = 0.0
            log.info("redis_available")


def is_about_entry(error: Exception) -> bool:
    """Return whether the entry is wrong, not Redis.

    What Redis itself refuses (no memory, no permission, a replica) has types of its own.
    """
    return type(error) is ResponseError or isinstance(error, ValueError | OverflowError)
