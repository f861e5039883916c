"""A connection pool whose waiters are served first in, first out."""

import asyncio
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool
from sqlalchemy.util import await_
from sqlalchemy.util.queue import AsyncAdaptedQueue, Empty


class FifoQueue(AsyncAdaptedQueue[Any]):
    """SQLAlchemy's queue, which is first in, first out for waiters too.

    In SQLAlchemy's own, a request that asks just when a connection is returned takes it, and the
    waiter that was woken goes to the end: under load some wait many times as long as others.
    """

    def __init__(self, maxsize: int = 0, use_lifo: bool = False) -> None:
        super().__init__(maxsize, use_lifo)
        self.waiting = 0
        self.lock = asyncio.Lock()  # its waiters are woken in order

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Take a connection. Raises `Empty` when none is returned in time."""
        if not block or not (self.waiting or self.empty()):
            return self.get_nowait()
        return await_(self._get_in_order(timeout))

    async def _get_in_order(self, seconds: float | None) -> Any:
        self.waiting += 1
        try:
            async with asyncio.timeout(seconds), self.lock:
                return await self._queue.get()
        except TimeoutError:
            raise Empty from None
        finally:
            self.waiting -= 1


class FifoPool(AsyncAdaptedQueuePool):
    """A pool with that queue."""

    _queue_class = FifoQueue
    # Keeps the pool's log lines under SQLAlchemy's name.
    _sqla_logger_namespace = "sqlalchemy.pool.FifoPool"
