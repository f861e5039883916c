"""Asking Redis without waiting for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from app.redis.patience import TICKS, patience

T = TypeVar("T")

# No answer of ours may be late because of Redis, whatever is asked, connecting included.
TIMEOUT_SECONDS = 0.1
# A request may ask several times: an answer that takes more than half of that is the last for now.
SLOW = TICKS // 2
# After a failure nobody asks for so long; then one does, for all.
PAUSE_SECONDS = 1.0
# At once, each on a connection of its own. More would not be faster: Redis does one at a time.
QUESTIONS = 8

log = structlog.get_logger(__name__)


class RedisUnavailableError(Exception):
    """Redis is down, slow, or was just now. Use the fallback."""


class RedisEntryError(RedisUnavailableError):
    """Redis answers, but what is stored under the key is not ours: another type, or no text."""


class GuardedRedis:
    """A client whose failures are one error, soon."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self._turns = asyncio.Semaphore(QUESTIONS)
        self._paused_until = 0.0

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Return the answer, or raise `RedisUnavailableError` within about a tenth of a second.

        An entry that cannot be read raises `RedisEntryError`, and does not open the circuit.
        """
        self._insist()
        async with self._turns:  # our own queue is no fault of Redis
            self._insist()
            if self._paused_until:
                self._pause()  # this one tries; the others go on without, until it knows
            try:
                async with patience(TIMEOUT_SECONDS) as waiting:
                    answer = await question(self.client)
            except (RedisError, OSError, TimeoutError, ValueError, OverflowError) as error:
                if is_about_entry(error):
                    self._resume()
                    log.warning("redis_entry_unreadable", error=type(error).__name__)
                    raise RedisEntryError from error
                self._fail(type(error).__name__)
                raise RedisUnavailableError from error
        if waiting.left <= SLOW:
            self._fail("Slow")
        else:
            self._resume()
        return answer

    async def ping(self) -> None:
        """Ask whether Redis is there, in the pause too, and end the pause if it is."""
        async with patience(TIMEOUT_SECONDS):
            await self.client.ping()
        self._resume()

    def _insist(self) -> None:
        if time.monotonic() < self._paused_until:
            raise RedisUnavailableError

    def _fail(self, reason: str) -> None:
        if not self._paused_until:
            log.warning("redis_unavailable", error=reason)
        self._pause()

    def _pause(self) -> None:
        self._paused_until = time.monotonic() + PAUSE_SECONDS

    def _resume(self) -> None:
        if self._paused_until:
            self._paused_until = 0.0
            log.info("redis_available")


def is_about_entry(error: Exception) -> bool:
    """Whether the entry is at fault, and not Redis. What Redis itself refuses has types of its own:
    no room, no permission, a replica.
    """
    return type(error) is ResponseError or isinstance(error, ValueError | OverflowError)
