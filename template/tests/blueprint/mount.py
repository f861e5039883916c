"""Adds the blueprint of `just resource` to the app, as a resource named specimens.

Infrastructure is tested on it: every service has it, whatever resources it has.
"""

from app.api.resources import RESOURCES


def mount() -> None:
    """Add the routes to each app that is created from now on: before `app.main` is imported."""
    RESOURCES["Specimens"] = ("dev.resource.blueprint.endpoints", "What the tests use")


async def create_table() -> None:
    """Create the table in the database of the settings, which must be migrated."""
    # Imported late: the processes of a service, which call `mount`, need none of these for it.
    from sqlalchemy import NullPool, Table

    from app.core.config import Settings
    from app.db.engine import create_engine
    from dev.resource.blueprint.model import Specimen

    table = Specimen.__table__
    assert isinstance(table, Table)
    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(Specimen.metadata.create_all, [table])
