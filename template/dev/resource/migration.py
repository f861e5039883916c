"""The migration of a resource: written, and taken back, if a database answers."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, NullPool, text
from sqlalchemy.exc import SQLAlchemyError

from app.core.config import Settings
from app.core.exceptions import DependencyUnavailableError
from app.core.settings import SettingsError
from app.db.engine import create_engine
from app.db.migrations import alembic_config
from dev.__main__ import development
from dev.project import ROOT, LauncherError

VERSIONS = ROOT / "migrations/versions"
# Why the database cannot be asked, or not be downgraded.
ERRORS = (
    *(LauncherError, SettingsError, DependencyUnavailableError),
    *(CommandError, SQLAlchemyError, OSError),
)


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


def find(table: str) -> list[str]:
    """Return the paths of the migrations that create a table."""
    creates = re.compile(rf"create_table\(\s*[\"']{table}[\"']")
    files = (file for file in VERSIONS.glob("*.py") if creates.search(file.read_text("utf-8")))
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


def unapply(file: Path, table: str) -> str:
    """Downgrade a migration if it is applied; return why it must stay, "" if it need not."""
    scripts = ScriptDirectory.from_config(alembic_config())
    script = next(s for s in scripts.walk_revisions() if Path(s.path) == file)
    if scripts.get_heads() != [script.revision]:
        return "it is not the only newest migration"
    try:
        with development() as environment:
            os.environ |= environment
            is_applied, has_rows = asyncio.run(state(table, script.revision))
            if has_rows:
                return f"it is applied, and {table} has rows"
            if is_applied:
                command.downgrade(alembic_config(), "-1")
    except ERRORS as error:
        return f"it may be applied to a database that cannot be asked: {error}"
    return ""


async def state(table: str, revision: str) -> tuple[bool, bool]:
    """Return whether the migration is applied, and whether its table has rows."""
    engine = create_engine(Settings.load(), poolclass=NullPool)
    async with engine.connect() as connection:
        if revision not in await connection.run_sync(revisions):
            return False, False
        found = await connection.scalar(text(f"SELECT count(*) FROM {table}"))  # noqa: S608
    return True, bool(found)


def revisions(connection: Connection) -> tuple[str, ...]:
    """Return the revisions that a database has; none if it was never migrated."""
    return MigrationContext.configure(connection).get_current_heads()
