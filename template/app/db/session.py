"""Opens the database: engines, their pools, and the makers of sessions."""

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import AsyncAdaptedQueuePool, Engine, Executable, NullPool, Row
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.util import await_, greenlet_spawn
from sqlalchemy.util.queue import AsyncAdaptedQueue, Empty

from app.core.config import Settings
from app.db.engine import READ_ONLY, create_engine

# Where a session that only reads has its engine.
READS = "reads"


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


@dataclass(frozen=True, slots=True)
class Database:
    """The engines, and the makers of sessions.

    `transactions` makes sessions for writing; `reads` makes sessions in autocommit, which saves
    the round trips of BEGIN and ROLLBACK. `health_engine` has no pool: a health check must reach
    the server, and not wait for a connection.
    """

    engine: AsyncEngine
    health_engine: AsyncEngine
    transactions: async_sessionmaker[AsyncSession]
    reads: async_sessionmaker[AsyncSession]


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncGenerator[Database, None]:
    """Open the database without connecting: the service starts even while it is down."""
    # Connections to the server: processes x (size + overflow).
    engine = create_engine(
        settings,
        poolclass=FifoPool,
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_max_overflow,
        pool_timeout=settings.db_pool_timeout,
        pool_recycle=settings.db_pool_recycle,
    )
    health_engine = create_engine(settings, poolclass=NullPool)
    reading = engine.execution_options(**READ_ONLY)
    try:
        yield Database(
            engine=engine,
            health_engine=health_engine,
            transactions=async_sessionmaker(engine, expire_on_commit=False),
            reads=async_sessionmaker(
                reading, expire_on_commit=False, autoflush=False, info={READS: reading.sync_engine}
            ),
        )
    finally:
        await engine.dispose()


async def fetch(
    session: AsyncSession, statement: Executable, values: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """Return the rows of a statement on columns; entities need `session.execute`.

    In a session that only reads, the statement takes a connection of the pool and gives it back
    itself: by the session it would take twice the time. One that has a connection uses that: a
    request that waits for a second one, while it keeps the first, could wait for ever.
    """
    engine: Engine | None = session.info.get(READS)
    if engine is None or session.in_transaction():
        return (await session.execute(statement, values)).all()
    return await greenlet_spawn(_fetch, engine, statement, values)


def _fetch(
    engine: Engine, statement: Executable, values: Mapping[str, Any] | None
) -> Sequence[Row[Any]]:
    with engine.connect() as connection:
        return connection.execute(statement, values).all()
