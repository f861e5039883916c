"""Each service that can be generated, installed from its own files alone and put through its tests.

A row takes a minute or two, on a real database. To run one again by hand:
`uv run pytest tests/test_service.py -k NAME`, or `just render FOLDER --data ...` and work there.
"""

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import uv

from tests import combinations
from tests.combinations import Answers
from tests.rendering import git

pytestmark = pytest.mark.service

ROWS = {combinations.effect(row): row for row in combinations.rows(paper=False)}
STEPS = {
    "install": "uv sync",
    "lint": "uv run ruff check",
    "format": "uv run ruff format --check",
    "types": "uv run ty check",
    "imports": "uv run lint-imports",
    "check": "uv run just check",
    "test": "uv run just test",
}


@pytest.fixture(scope="module")
def path_of_a_user(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PATH with uv, and without the tools of this repository beside it.

    They would hide a tool that a generated project forgot to depend on.
    """
    folder = tmp_path_factory.mktemp("bin")
    (folder / "uv").symlink_to(uv.find_uv_bin())
    own = Path(sys.executable).parent
    rest = [part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != own]
    return os.pathsep.join([str(folder), *rest])


@pytest.mark.parametrize("answers", ROWS.values(), ids=list(ROWS))
def test_a_generated_service_passes_its_own_checks_and_tests(
    copy: Callable[..., Path], path_of_a_user: str, answers: Answers
) -> None:
    project = copy(**answers)
    git(project, "init", "--quiet")
    before = visible(project)
    environment = {**os.environ, "PATH": path_of_a_user}

    for name, command in STEPS.items():
        failure = run(name, command, project, environment)
        assert failure is None, f"{failure}\n\n{reproduction(answers, command)}"

    assert created(project, before) == {"uv.lock"}, "not in .gitignore, or not cleaned up"
    assert still_running(project) == []
    shutil.rmtree(project)


def run(name: str, command: str, project: Path, environment: dict[str, str]) -> str | None:
    """Run one step, say how long it took, and return what it printed if it failed."""
    begun = time.monotonic()
    done = subprocess.run(
        shlex.split(command),
        cwd=project,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
    )
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.__stderr__, flush=True)
    return None if done.returncode == 0 else f"{name} failed:\n{done.stdout[-6000:]}"


def reproduction(answers: Answers, command: str) -> str:
    options = " ".join(f"--data {name}={value}" for name, value in answers.items())
    return f"Again, by hand: uv run just render ../try {options} && cd ../try && {command}"


def visible(project: Path) -> set[str]:
    """Return the files git would add there."""
    listed = git(project, "ls-files", "--cached", "--others", "--exclude-standard")
    return set(listed.splitlines())


def created(project: Path, before: set[str]) -> set[str]:
    """Return what the tools left behind in sight of git."""
    return visible(project) - before


def still_running(project: Path) -> list[str]:
    """Return the commands of processes that were started for this project and are still there."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if f"{project}/" in command]
