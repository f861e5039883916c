"""Emptying the test database."""

from sqlalchemy import Connection, MetaData, NullPool
from sqlalchemy.ext.asyncio import AsyncEngine

import app.models  # noqa: F401  (fills the metadata)
from app.core.config import Settings
from app.db.base import Base
from app.db.engine import create_engine


async def drop_everything() -> None:
    """Drop all tables, also those of another branch or of before an update."""

    def drop(connection: Connection) -> None:
        found = MetaData()
        found.reflect(connection)
        found.drop_all(connection)

    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(drop)


async def empty(engine: AsyncEngine) -> None:
    """Delete all rows, children first. Few rows are deleted faster than tables are truncated."""
    async with engine.begin() as connection:
        for table in reversed(Base.metadata.sorted_tables):
            await connection.execute(table.delete())
