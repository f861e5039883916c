"""Opens the database: engines, and the makers of sessions."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Engine, Executable, NullPool, Row
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker
from sqlalchemy.util import greenlet_spawn

from app.core.config import Settings
from app.db.engine import READ_ONLY, create_engine
from app.db.pool import FifoPool

# Where a session that only reads has its engine.
READS = "reads"


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
    try:
        yield Database(
            engine=engine,
            health_engine=health_engine,
            transactions=async_sessionmaker(engine, expire_on_commit=False),
            reads=_reads(engine.execution_options(**READ_ONLY)),
        )
    finally:
        await engine.dispose()


def _reads(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(
        engine, expire_on_commit=False, autoflush=False, info={READS: engine.sync_engine}
    )


async def fetch(
    session: AsyncSession, statement: Executable, values: Mapping[str, Any] | None = None
) -> Sequence[Row[Any]]:
    """Return the rows of a statement on columns; entities need `session.execute`.

    A session that only reads is not needed for it, and costs as much as the rest: the statement
    takes a connection of the pool, and gives it back. One that has a connection uses that: a
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
