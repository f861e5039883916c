"""Run in a rendered project: prints its database's schema and how many items it has."""

import asyncio
import json
from typing import Any

from sqlalchemy import Connection, NullPool, inspect, text

from app.core.config import Settings
from app.db.engine import create_engine


def schema(connection: Connection) -> dict[str, Any]:
    found = inspect(connection)
    parts = {
        "columns": found.get_columns,
        "key": lambda table: [found.get_pk_constraint(table)],
        "foreign": found.get_foreign_keys,
        "unique": found.get_unique_constraints,
        "checks": found.get_check_constraints,
        "indexes": found.get_indexes,
    }
    tables = {
        table: {name: sorted(map(repr, read(table))) for name, read in parts.items()}
        for table in found.get_table_names()
    }
    items = connection.execute(text("SELECT count(*) FROM items WHERE name = 'Kept'")).scalar()
    return {"tables": tables, "items": items}


async def main() -> None:
    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with engine.connect() as connection:
        print("SCHEMA", json.dumps(await connection.run_sync(schema), sort_keys=True))
    await engine.dispose()


asyncio.run(main())
