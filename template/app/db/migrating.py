"""Migrate a database that is in use: one process at a time, and readers are not blocked."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import structlog
from sqlalchemy import Connection, NullPool, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.core.config import Settings
from app.db.connection import engine_arguments
from app.db.engine import connect, create_engine
from app.db.errors import DatabaseUnavailableError
from app.db.reasons import code

# Any number will do that no other program locks in this database.
MIGRATION_LOCK = 7_203_415_981
POLL_SECONDS = 0.5
TRIES = 4
# SQLSTATE: the lock was not given in time, or waiting for it closed a circle.
BUSY = {"55P03", "40P01"}

log = structlog.get_logger(__name__)


async def migrate(settings: Settings, run: Callable[[Connection], None]) -> None:
    """Run migrations over a connection of their own. Of several migrators, one works at a time.

    Raises `DatabaseUnavailableError` if a table stays in use.
    """
    if settings.database_url.get_backend_name() == "sqlite":
        await _migrate_sqlite(create_engine(settings, poolclass=NullPool), run)
        return
    engine = _engine(settings)
    async with _alone(engine):
        for number in range(1, TRIES + 1):
            if await _succeeds(engine, run, number):
                break
            # Statements queued behind this one run meanwhile.
            await asyncio.sleep(settings.migration_lock_timeout * number / 2)


async def _succeeds(engine: AsyncEngine, run: Callable[[Connection], None], number: int) -> bool:
    """Try once. The migrations that were done before the busy table stay done."""
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    except DBAPIError as error:
        _refuse_unless_busy(error, number)
        return False
    return True


async def _migrate_sqlite(engine: AsyncEngine, run: Callable[[Connection], None]) -> None:
    """In one transaction, which is the lock."""
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    except DatabaseUnavailableError:
        await asyncio.sleep(0.05)  # SQLite's driver ends a thread, and notifies this loop
        raise


def _engine(settings: Settings) -> AsyncEngine:
    """An engine whose statements may take long, and wait briefly for a lock."""
    arguments = engine_arguments(
        settings.database_url, prepared=settings.prepared_statements, seconds=0
    )
    engine = create_async_engine(**arguments, poolclass=NullPool)
    # In each transaction, so that a pooler may be in between. What is run outside one, such as
    # CREATE INDEX CONCURRENTLY, blocks no statement, and may wait.
    limits = {
        "statement_timeout": "0",
        "idle_in_transaction_session_timeout": "0",
        "lock_timeout": str(int(settings.migration_lock_timeout * 1000)),
    }
    calls = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in limits.items())

    def begin(connection: Connection) -> None:
        if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
            connection.exec_driver_sql(f"SELECT {calls}")

    event.listen(engine.sync_engine, "do_connect", connect)
    event.listen(engine.sync_engine, "begin", begin)
    return engine


@asynccontextmanager
async def _alone(engine: AsyncEngine) -> AsyncGenerator[None]:
    """Hold the migrators' lock, over a connection that does nothing else.

    It is asked for again and again: a statement that waits for it would hold a snapshot, and
    CREATE INDEX CONCURRENTLY waits for those. It is a transaction's, since behind a pooler a
    session is not ours.
    """
    ask = text(f"SELECT pg_try_advisory_xact_lock({MIGRATION_LOCK})")
    async with engine.connect() as connection:
        while not await connection.scalar(ask):
            await _drop_snapshot(connection)
            log.info("another_migration_runs")
            await asyncio.sleep(POLL_SECONDS)
        await _drop_snapshot(connection)
        yield


async def _drop_snapshot(connection: AsyncConnection) -> None:
    """End the last statement's portal, which keeps its snapshot. A simple query does."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    await raw.execute("SELECT 1")


def _refuse_unless_busy(error: DBAPIError, number: int) -> None:
    if code(error.orig) not in BUSY:
        raise error
    statement = " ".join((error.statement or "").split())[:100]
    log.warning("table_in_use", attempt=number, statement=statement)
    if number == TRIES:
        raise DatabaseUnavailableError(
            f"A table stays in use, so the migration was given up after {TRIES} tries: {statement}."
        ) from error
