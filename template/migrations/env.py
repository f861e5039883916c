"""Alembic's entry point: the service's own settings, engine and models."""

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, NullPool, text

import app.models  # noqa: F401  (fills the metadata)
from app.core.config import Settings
from app.db import types
from app.db.base import Base
from app.db.engine import create_engine
from app.db.errors import DatabaseUnavailableError

# Any number will do that no other program locks in this database.
MIGRATION_LOCK = 7_203_415_981


def render_item(kind: str, item: Any, autogenerate: AutogenContext) -> str | Literal[False]:
    """Write our column types by name, and import them."""
    if kind == "type" and type(item).__module__ == types.__name__:
        autogenerate.imports.add("from app.db import types")
        return f"types.{type(item).__name__}()"
    return False


def run(connection: Connection) -> None:
    """Upgrade in one transaction; of several migrators, the first does the work."""
    sqlite = connection.dialect.name == "sqlite"
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_item=render_item,
        render_as_batch=sqlite,  # SQLite cannot alter a column in place
    )
    if not sqlite:
        # Migrations may take long. The lock is given back with the transaction.
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATION_LOCK})"))
    with context.begin_transaction():
        context.run_migrations()


async def run_online() -> None:
    """Migrate over a connection of our own."""
    engine = create_engine(Settings.load(), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.run_sync(run)
    except DatabaseUnavailableError:
        await asyncio.sleep(0.05)  # SQLite's driver ends a thread, and tells this loop
        raise


def run_offline() -> None:
    """Write the SQL for somebody else to run."""
    context.configure(
        url=Settings.load().database_url, target_metadata=Base.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(run_online())
