"""Migrations: the schema's revision, and upgrading a database in use.

One process migrates at a time, without blocking readers.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from typing import Any

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.core.config import ROOT, Settings
from app.db.engine import connect, create_engine, engine_arguments
from app.db.errors import DatabaseUnavailableError, code

# The key of the advisory lock: any number that no other program locks in this database.
LOCK_KEY = 7_203_415_981
LOCK_POLL_SECONDS = 0.5
MAX_ATTEMPTS = 4
# SQLSTATE: the lock was not available in time, or a deadlock.
LOCKED = {"55P03", "40P01"}

log = structlog.get_logger(__name__)


class SchemaBehindError(Exception):
    """The database lacks migrations that this code has: run `python -m app migrate`."""


def alembic_config() -> Config:
    """Return Alembic's configuration, from pyproject.toml."""
    return Config(toml_file=ROOT / "pyproject.toml")


def upgrade() -> None:
    """Upgrade the schema to its newest revision. Blocking; safe to run twice and in parallel.

    A schema whose revision this code does not have is left as it is: a newer release made it, and
    an older one must be able to take its place again.
    """
    try:
        command.upgrade(alembic_config(), "head")
    except CommandError as error:
        if not isinstance(unknown := error.__cause__, ResolutionError):
            raise
        log.warning("schema_newer_than_code", revision=unknown.argument)


async def current_revision(engine: AsyncEngine) -> str | None:
    """Return the revision that the database has."""
    async with engine.connect() as connection:
        return await connection.scalar(text("SELECT version_num FROM alembic_version"))


def database_health_check(engine: AsyncEngine) -> Callable[[], Awaitable[None]]:
    """Make the readiness check: it raises if the database is down or not migrated.

    An unknown revision is newer than this code's: during a rolling release, the old processes go on
    serving on the new schema.
    """
    scripts = ScriptDirectory.from_config(alembic_config())
    older = {script.revision for script in scripts.walk_revisions()} - {scripts.get_current_head()}

    async def check() -> None:
        current = await current_revision(engine)
        if current is None or current in older:
            raise SchemaBehindError(f"at {current}")

    return check


async def migrate(settings: Settings, run: Callable[[Connection], None]) -> None:
    """Run migrations over a connection of their own. Of several migrators, one works at a time.

    Raises `DatabaseUnavailableError` if a table stays locked. Migrations that were done before
    stay done.
    """
    if settings.database_url.get_backend_name() == "sqlite":
        engine = create_engine(settings, poolclass=NullPool)
        await import_module("app.db.sqlite").migrate(engine, run)
        return
    engine = _engine(settings)
    async with _migration_lock(engine):  # PostgreSQL
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                async with engine.connect() as connection:
                    await connection.run_sync(run)
                return
            except DBAPIError as error:
                _raise_unless_locked(error, attempt)
            # Statements queued behind this one run meanwhile.
            await asyncio.sleep(settings.migration_lock_timeout * attempt / 2)


def _raise_unless_locked(error: DBAPIError, attempt: int) -> None:  # PostgreSQL
    if code(error.orig) not in LOCKED:
        raise error
    statement = " ".join((error.statement or "").split())[:100]
    log.warning("table_locked", attempt=attempt, statement=statement)
    if attempt == MAX_ATTEMPTS:
        raise DatabaseUnavailableError(
            f"A table stays locked; the migration was given up after {attempt} tries: {statement}."
        ) from error


def _engine(settings: Settings) -> AsyncEngine:  # PostgreSQL
    """Make an engine whose statements have no time limit, and wait briefly for a lock."""
    arguments = engine_arguments(
        settings.database_url, prepared=settings.prepared_statements, seconds=0
    )
    engine = create_async_engine(**arguments, poolclass=NullPool)
    # Set in each transaction, so that it works through a pooler. Statements outside one, such as
    # CREATE INDEX CONCURRENTLY, block no others, and may wait.
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
async def _migration_lock(engine: AsyncEngine) -> AsyncGenerator[None]:  # PostgreSQL
    """Hold an advisory lock, over a connection that does nothing else.

    It is polled: a statement that waits for it would hold a snapshot, and CREATE INDEX
    CONCURRENTLY waits for those. It belongs to the transaction, since a pooler shares sessions.
    """
    acquire = text(f"SELECT pg_try_advisory_xact_lock({LOCK_KEY})")
    async with engine.connect() as connection:
        while not await connection.scalar(acquire):
            await _release_snapshot(connection)
            log.info("another_migration_runs")
            await asyncio.sleep(LOCK_POLL_SECONDS)
        await _release_snapshot(connection)
        yield


async def _release_snapshot(connection: AsyncConnection) -> None:  # PostgreSQL
    """End the last statement's portal, which keeps its snapshot, by a simple query."""
    raw: Any = (await connection.get_raw_connection()).driver_connection
    await raw.execute("SELECT 1")
