"""SQLite: prepared connections, transactions that lock first, migrations."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.errors import DatabaseUnavailableError


def add_listeners(engine: Engine) -> None:
    """Prepare each connection, and begin each transaction."""
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin_immediate)


def _prepare(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    connection.create_function("lower", 1, _lower, deterministic=True)
    cursor = connection.cursor()
    for pragma in ("foreign_keys = ON", "journal_mode = WAL", "synchronous = NORMAL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _lower(text: str | None) -> str | None:
    """Lower-case all letters; SQLite's own lower() knows ASCII only."""
    return text.lower() if text is not None else None


def _begin_immediate(connection: Connection) -> None:
    """Take the write lock first; a transaction that asks for it later fails at once."""
    if connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        connection.exec_driver_sql("BEGIN IMMEDIATE")


async def migrate(engine: AsyncEngine, run: Callable[[Connection], None]) -> None:
    """Run migrations in one transaction, whose write lock keeps other migrators out."""
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    except DatabaseUnavailableError:
        await asyncio.sleep(0.05)  # SQLite's driver ends a thread, and notifies this loop
        raise
