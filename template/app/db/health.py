"""Whether the database is fit to serve this code."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.migrations import current_revision, newest_revision


class SchemaBehindError(Exception):
    """The database has another revision than the code: run `python -m app migrate`."""


def database_question(engine: AsyncEngine) -> Callable[[], Awaitable[None]]:
    """Make the readiness question. It raises when the database is away or not migrated."""
    newest = newest_revision()

    async def ask() -> None:
        current = await current_revision(engine)
        if current != newest:
            raise SchemaBehindError(f"database at {current}, code at {newest}")

    return ask
