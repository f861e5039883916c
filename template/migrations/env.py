"""Alembic's entry point: runs migrations with the service's own settings, engine and models."""

import asyncio

from alembic import context
from sqlalchemy import Connection

import app.models  # noqa: F401  (fills the metadata)
from app.core.config import Settings
from app.db.base import Base
from app.db.migrations import migrate
from migrations import autogenerate


def run(connection: Connection) -> None:
    """Run the command: migrate, or compare."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,  # a migration may end it, to build an index concurrently
        render_as_batch=connection.dialect.name == "sqlite",  # it cannot alter a column in place
        render_item=autogenerate.render_item,
        include_object=autogenerate.include_object,
        process_revision_directives=autogenerate.warn,
    )
    with context.begin_transaction():
        context.run_migrations()


def run_offline() -> None:
    """Print the SQL instead of running it."""
    context.configure(
        url=Settings.load().database_url, target_metadata=Base.metadata, literal_binds=True
    )
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    run_offline()
else:
    asyncio.run(migrate(Settings.load(), run))
