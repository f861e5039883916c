"""Waiting for somebody else only so long, however busy we are ourselves."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

TICKS = 5


class Patience:
    """What is left of the time that somebody else has."""

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        self.limit = limit
        self.loop = asyncio.get_running_loop()
        self.tick_seconds = seconds / TICKS
        self.left = TICKS
        self.timer = self.loop.call_later(self.tick_seconds, self._tick)

    def _tick(self) -> None:
        self.left -= 1
        if self.left:
            self.timer = self.loop.call_later(self.tick_seconds, self._tick)
        else:
            self.limit.reschedule(self.loop.time())


@asynccontextmanager
async def patience(seconds: float) -> AsyncGenerator[Patience, None]:
    """Raise `TimeoutError` after `seconds` in which the event loop was free.

    A clock would blame others for our own work: answers that have long come wait to be read while
    the loop is busy. So the time is cut into ticks, and a long turn of the loop counts as one.
    """
    async with asyncio.timeout(None) as limit:
        waiting = Patience(limit, seconds)
        try:
            yield waiting
        finally:
            waiting.timer.cancel()
