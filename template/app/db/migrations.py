"""The schema's version: where it is, and where it should be."""

from functools import cache

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.project import ROOT


def alembic_config() -> Config:
    """Alembic's configuration, from pyproject.toml."""
    return Config(toml_file=ROOT / "pyproject.toml")


def upgrade() -> None:
    """Bring the schema to its newest version. Blocking; safe to run twice and in parallel."""
    command.upgrade(alembic_config(), "head")


def newest_revision() -> str | None:
    """The revision that this code was written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


@cache
def older_revisions() -> set[str]:
    """The revisions that lead to the newest."""
    history = ScriptDirectory.from_config(alembic_config()).walk_revisions()
    return {script.revision for script in history} - {newest_revision()}


async def current_revision(engine: AsyncEngine) -> str | None:
    """The revision that the database has."""
    async with engine.connect() as connection:
        return await connection.scalar(text("SELECT version_num FROM alembic_version"))
