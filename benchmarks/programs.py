"""The programs that are measured: rendered services, and the references beside them."""

import json
import os
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import asyncpg
import copier

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "benchmarks" / "reference"
EMAIL, PASSWORD = "bench@example.com", "four quiet words of a benchmark"  # noqa: S105
LOGIN = urlencode({"username": EMAIL, "password": PASSWORD})
PRESETS = {
    "minimal": ("live", "list", "create"),
    "standard": ("live", "me", "list", "create"),
    "full": ("live", "me", "list", "create"),
}
# So many rows are in the table when a burst starts.
ROWS = 60
# Prints the environment, and runs until its input ends.
WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"


@dataclass(frozen=True, slots=True)
class Program:
    """A program, the folder that it runs in and the project whose environment it runs with."""

    name: str
    app: str
    folder: Path
    project: Path
    works: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """The interpreter of the program's environment."""
        return self.project / ".venv" / "bin" / "python"

    @property
    def database(self) -> str:
        """The name of its own database."""
        return f"bench_{self.name.replace('@', '_')}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its processes."""
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return own | self.environment | {"PROGRAM_FOLDER": str(self.folder)}


def render(preset: str, folder: Path, ref: str | None) -> Path:
    """Render and install a preset: of the working tree, or as it is at `ref`."""
    name = f"{preset}@{ref.replace('/', '-')}" if ref else preset
    project = folder / name
    copier.run_copy(
        str(ROOT), project, data={"preset": preset}, vcs_ref=ref or "HEAD", defaults=True,
        overwrite=True, quiet=True,
    )
    run(["git", "init", "--quiet"], project)
    run(["uv", "sync", "--quiet"], project)
    # Compiled, so that the time of an import is that of a deployed service.
    run([".venv/bin/python", "-m", "compileall", "-q", "app"], project)
    return project


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command to its end; raise if it fails."""
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)  # noqa: S603


@contextmanager
def servers(project: Path) -> Generator[tuple[str, str]]:
    """Run PostgreSQL and Redis as `just dev` does in a full project, and yield their URLs."""
    command = [".venv/bin/python", "-m", "dev", "run", ".venv/bin/python", "-c", WAIT]
    own = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    with subprocess.Popen(  # noqa: S603
        command, cwd=project, env=own, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018, S101
        found = json.loads(process.stdout.readline())
        yield found["DATABASE_URL"].rpartition("/")[0], found["REDIS_URL"]
        process.stdin.close()


def make_programs(folder: Path, refs: list[str | None]) -> list[Program]:
    """Render every preset at every ref. Databases are not made yet."""
    made = [
        Program(project.name, "app.main:app", project, project, works)
        for ref in refs
        for preset, works in PRESETS.items()
        for project in [render(preset, folder, ref)]
    ]
    full = next(program.project for program in made if program.name == "full")
    bare = Program("bare", "bare:app", REFERENCE, full, ("live",))
    orm = Program("orm", "orm:app", REFERENCE, full, ("me", "list", "create"))
    return [bare, orm, *made]


async def prepare(program: Program, database_url: str, redis_url: str, number: int) -> None:
    """Make the program's database, its schema and its only user."""
    await execute(f"{database_url}/postgres", f'DROP DATABASE IF EXISTS "{program.database}"')
    await execute(f"{database_url}/postgres", f'CREATE DATABASE "{program.database}"')
    program.environment.update(
        DATABASE_URL=f"{database_url}/{program.database}",
        REDIS_URL=f"{redis_url.rpartition('/')[0]}/{number % 16}",
        ENVIRONMENT="test",
        SECRET_KEY="0123456789abcdef0123456789abcdef",  # noqa: S106
        # More than is sent, so that no request is refused; each one is counted all the same.
        RATE_LIMIT_DEFAULT="100000/second",
        ACCESS_TOKEN_MINUTES="600",
        FIRST_SUPERUSER_EMAIL=EMAIL,
        FIRST_SUPERUSER_PASSWORD=PASSWORD,
        LOGIN=LOGIN if "me" in program.works else "",
    )
    if program.app == "app.main:app":
        run([str(program.python), "-m", "app", "migrate"], program.folder, program.variables)
        if "me" in program.works:
            command = [str(program.python), "-m", "app", "create-superuser"]
            run(command, program.folder, program.variables)


async def trim(program: Program) -> None:
    """Delete the rows that a burst has added."""
    await execute(
        program.environment["DATABASE_URL"],
        "DELETE FROM items WHERE id NOT IN (SELECT id FROM items ORDER BY created_at LIMIT $1)",
        ROWS,
    )


async def execute(url: str, statement: str, *values: object) -> None:
    """Execute one statement."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement, *values)
    finally:
        await connection.close()


