"""Whether the database is fit to serve this code."""

from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from app.db.migrations import current_revision, older_revisions


class SchemaBehindError(Exception):
    """The database lacks migrations that this code has: run `python -m app migrate`."""


def database_question(engine: AsyncEngine) -> Callable[[], Awaitable[None]]:
    """Make the readiness question. It raises when the database is away or not migrated.

    A revision that we do not know is newer than our own: while a release is rolled out, the old
    processes go on serving on the new schema.
    """
    older = older_revisions()

    async def ask() -> None:
        current = await current_revision(engine)
        if current is None or current in older:
            raise SchemaBehindError(f"at {current}")

    return ask
