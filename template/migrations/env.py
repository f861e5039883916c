"""Alembic's entry point: the service's own settings, engine and models."""

import asyncio

from alembic import context
from sqlalchemy import Connection

import app.models  # noqa: F401  (fills the metadata)
from app.core.config import Settings
from app.db import autogenerate
from app.db.base import Base
from app.db.migrating import migrate


def run(connection: Connection) -> None:
    """Migrate, or compare: whatever the command asks for."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transaction_per_migration=True,  # so that a migration may also end it, and build an index
        render_as_batch=connection.dialect.name == "sqlite",  # it cannot alter a column in place
        render_item=autogenerate.render_item,
        include_object=autogenerate.include_object,
        process_revision_directives=autogenerate.warn,
    )
    with context.begin_transaction():
        context.run_migrations()


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
    asyncio.run(migrate(Settings.load(), run))
