"""Opens the database: engines, and the makers of sessions."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from sqlalchemy import NullPool
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker

from app.core.config import Settings
from app.db.engine import READ_ONLY, create_engine
from app.db.pool import FifoPool


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
            reads=async_sessionmaker(
                engine.execution_options(**READ_ONLY), expire_on_commit=False, autoflush=False
            ),
        )
    finally:
        await engine.dispose()
