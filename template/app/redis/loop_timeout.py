"""A timeout that counts only the time in which the event loop was free."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

TICKS = 5


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
