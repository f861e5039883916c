"""The schema's revision: upgrade it, read it, and check whether it is new enough."""

from collections.abc import Awaitable, Callable

import structlog
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.script.revision import ResolutionError
from alembic.util import CommandError
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.project import ROOT

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


def newest_revision() -> str | None:
    """Return the revision that this code was written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


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
