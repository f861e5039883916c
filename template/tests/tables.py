"""Emptying the test database."""

from typing import Any

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
    """Delete all rows, children first, in one round trip.

    Few rows are deleted faster than tables are truncated.
    """
    tables = reversed(Base.metadata.sorted_tables)
    deletions = [table.delete().compile(dialect=engine.dialect) for table in tables]
    script = "".join(f"{deletion};" for deletion in deletions)
    async with engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        if engine.dialect.name == "sqlite":
            await driver.executescript(f"BEGIN; {script} COMMIT")
        else:
            await driver.execute(script)
