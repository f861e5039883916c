"""The pool of connections: those who wait for one get it in the order in which they came."""

import asyncio
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.util import await_
from sqlalchemy.util.queue import AsyncAdaptedQueue, Empty


class FifoQueue(AsyncAdaptedQueue[Any]):
    """SQLAlchemy's queue, first in, first out for waiters too.

    There, a request that asks just when a connection is returned takes it, and the one that was
    woken for it waits again at the end: under load some wait many times as long as others.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        super().__init__(maxsize, use_lifo)
        self.waiting = 0
        self.turn = asyncio.Lock()  # its waiters are woken in order

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a connection. Raises `Empty` when none is given back in time."""
        if not block or not (self.waiting or self.empty()):
            return self.get_nowait()
        return await_(self._get_in_turn(timeout))

    async def _get_in_turn(self, seconds: float | None) -> Any:
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds), self.turn:
                return await self._queue.get()
        except TimeoutError:
            raise Empty from None
        finally:
            self.waiting -= 1


class FifoPool(AsyncAdaptedQueuePool):
    """A pool with that queue."""

    _queue_class = FifoQueue
    # Under its own name, what the pool logs would be taken for the service's.
    _sqla_logger_namespace = "sqlalchemy.pool.FifoPool"
