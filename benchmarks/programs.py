"""The programs that are measured: rendered services, and references to compare them with."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import copier
import psutil

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "benchmarks" / "reference"
EMAIL, PASSWORD = "bench@example.com", "four quiet words of a benchmark"
LOGIN = urlencode({"username": EMAIL, "password": PASSWORD})
PRESETS = {
    "minimal": ("live", "list", "create"),
    "standard": ("live", "me", "list", "create"),
    "full": ("live", "me", "list", "create"),
}
# The environment of a deployed service: without what only its developers need.
DEPLOYED = ".venv-deployed"
# So many rows are in the table when a burst starts.
ROWS = 60
# Prints the environment, and runs until its input ends.
WAIT = "import json, os, sys; print(json.dumps(dict(os.environ)), flush=True); sys.stdin.read()"
EXECUTE = """
import asyncio, asyncpg, sys
async def main(url, statement):
    connection = await asyncpg.connect(url)
    print(await connection.fetchval(statement))
    await connection.close()
asyncio.run(main(*sys.argv[1:]))
"""


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
        return self.project / DEPLOYED / "bin" / "python"

    @property
    def is_service(self) -> bool:
        """Whether this is a rendered service, not a reference."""
        return self.app == "app.main:app"

    @property
    def database(self) -> str:
        """The name of its own database."""
        return re.sub(r"\W", "_", f"bench_{self.name}")

    @property
    def variables(self) -> dict[str, str]:
        """The environment of its processes."""
        own = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return own | self.environment | {"PROGRAM_FOLDER": str(self.folder)}


def render(preset: str, folder: Path, ref: str | None) -> Path:
    """Render and install a preset: of the working tree, or as it is at `ref`."""
    project = folder / (f"{preset}@{ref.replace('/', '-')}" if ref else preset)
    project.mkdir(parents=True, exist_ok=True)
    for path in project.iterdir():  # of an earlier run, but for what takes long to make
        if path.name not in {".git", ".venv", DEPLOYED, ".local"}:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    copier.run_copy(
        str(ROOT),
        project,
        data={"preset": preset},
        vcs_ref=ref or "HEAD",
        defaults=True,
        overwrite=True,
        quiet=True,
    )
    run(["git", "init", "--quiet"], project)
    run(["uv", "sync", "--quiet"], project)
    deployed = os.environ | {"UV_PROJECT_ENVIRONMENT": DEPLOYED}
    run(["uv", "sync", "--quiet", "--no-dev"], project, deployed)
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
        Program(f"{preset}@{ref}" if ref else preset, "app.main:app", project, project, works)
        for ref in refs
        for preset, works in PRESETS.items()
        for project in [render(preset, folder, ref)]
    ]
    full = next(program.project for program in made if program.name == "full")
    bare = Program("bare", "bare:app", REFERENCE, full, ("live",))
    orm = Program("orm", "orm:app", REFERENCE, full, ("me", "list", "create"))
    return [bare, orm, *made]


def prepare(program: Program, database_url: str, redis_url: str, number: int) -> None:
    """Make the program's database, its schema and its only user."""
    server = f"{database_url}/postgres"
    execute(program, f'DROP DATABASE IF EXISTS "{program.database}"', server)
    execute(program, f'CREATE DATABASE "{program.database}"', server)
    program.environment.update(
        DATABASE_URL=f"{database_url}/{program.database}",
        REDIS_URL=f"{redis_url.rpartition('/')[0]}/{number % 16}",
        ENVIRONMENT="test",
        SECRET_KEY="0123456789abcdef0123456789abcdef",  # noqa: S106
        # More than is sent, so that no request is refused; each one is counted all the same.
        RATE_LIMIT_DEFAULT="100000/second",
        DB_POOL_TIMEOUT="60",  # waiting on a busy machine is no failure
        ACCESS_TOKEN_MINUTES="600",  # noqa: S106
        FIRST_SUPERUSER_EMAIL=EMAIL,
        FIRST_SUPERUSER_PASSWORD=PASSWORD,
        LOGIN=LOGIN if "me" in program.works else "",
    )
    if program.is_service:
        run([str(program.python), "-m", "app", "migrate"], program.folder, program.variables)
        if "me" in program.works:
            command = [str(program.python), "-m", "app", "create-superuser"]
            run(command, program.folder, program.variables)


def trim(program: Program) -> None:
    """Delete the rows that a burst has added."""
    oldest = f"SELECT id FROM items ORDER BY created_at LIMIT {ROWS}"  # noqa: S608
    execute(program, f"DELETE FROM items WHERE id NOT IN ({oldest})")  # noqa: S608


def postgres(program: Program) -> psutil.Process:
    """Return the main process of PostgreSQL, which must run on this machine."""
    file = "pg_read_file('postmaster.pid')"
    return psutil.Process(int(execute(program, f"SELECT split_part({file}, chr(10), 1)")))


def execute(program: Program, statement: str, url: str = "") -> str:
    """Execute a statement with the driver of the program, and return the first value."""
    given = [url or program.environment["DATABASE_URL"], statement]
    command = [str(program.python), "-c", EXECUTE, *given]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()  # noqa: S603
