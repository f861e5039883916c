"""The migration of a resource: written, and taken back, if a database answers."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import NullPool, text
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.exceptions import DependencyUnavailableError
from app.db.engine import create_engine
from app.db.migrations import alembic_config, current_revision
from dev.__main__ import development
from dev.project import ROOT, LauncherError

VERSIONS = ROOT / "migrations/versions"


def write(message: str) -> str:
    """Write the migration and return its path; raise `LauncherError` if no database answers."""
    before = set(VERSIONS.glob("*.py"))
    with development() as environment:
        for arguments in (
            ["app", "migrate"],
            ["alembic", "revision", "--autogenerate", "-m", message],
        ):
            done = subprocess.run(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
                raise LauncherError(" ".join(last))
    [written] = set(VERSIONS.glob("*.py")) - before
    return written.relative_to(ROOT).as_posix()


def unapply(file: Path, table: str) -> str:
    """Downgrade a migration whose table is empty; return why it must stay, if it must."""
    scripts = ScriptDirectory.from_config(alembic_config())
    script = next(s for s in scripts.walk_revisions() if Path(s.path) == file)
    if script.revision != scripts.get_current_head():
        return "another migration follows it"
    try:
        with development() as environment:
            os.environ |= environment
            current, rows = asyncio.run(state(table, script.revision))
            if current != script.revision:
                return ""
            if rows:
                return f"it is applied, and {table} has rows"
            command.downgrade(alembic_config(), "-1")
    except (LauncherError, DependencyUnavailableError, SQLAlchemyError, OSError) as error:
        return f"it may be applied to a database that does not answer: {error}"
    return ""


async def state(table: str, revision: str) -> tuple[str | None, bool]:
    """Return the revision of the database, and whether the table has rows."""
    engine = create_engine(Settings.load(), poolclass=NullPool)
    current = await current_revision(engine)
    if current != revision:
        return current, False
    async with engine.connect() as connection:
        found = await connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
    return current, bool(found)
