"""Asking Redis without waiting for it."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

T = TypeVar("T")

# No answer of ours may be late because of Redis.
TIMEOUT_SECONDS = 0.1
# After a failure nobody asks for so long: each would wait as long as the first.
PAUSE_SECONDS = 1.0

log = structlog.get_logger(__name__)


class RedisUnavailableError(Exception):
    """Redis is down, slow, or was just now. Use the fallback."""


class GuardedRedis:
    """A client whose failures are one error, soon."""

    def __init__(self, client: Redis) -> None:
        self.client = client
        self._closed_until = 0.0

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Return the answer, or raise `RedisUnavailableError` within a tenth of a second or two."""
        if time.monotonic() < self._closed_until:
            raise RedisUnavailableError
        try:
            return await question(self.client)
        except (RedisError, OSError, TimeoutError) as error:
            self._closed_until = time.monotonic() + PAUSE_SECONDS
            log.warning("redis_unavailable", error=type(error).__name__)
            raise RedisUnavailableError from error

    async def ping(self) -> None:
        """Ask whether Redis is there, in the pause too, and end the pause if it is."""
        await self.client.ping()
        self._closed_until = 0.0
