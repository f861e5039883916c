"""Each service that can be generated, installed from its own files alone and put through its tests.

A row takes a minute or so, on a real database. To run one again: `just test -k NAME`, or by hand
with the command a failure ends with.
"""

import contextlib
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import combinations, questions
from tests.combinations import Answers
from tests.commands import execute
from tests.covered import covered
from tests.rendering import git
from tests.tools import program

pytestmark = pytest.mark.service

FEW, MANY = combinations.few(paper=False), combinations.many(paper=False)
ROWS = [
    pytest.param(row, id=name, marks=() if name in FEW else pytest.mark.thorough)
    for name, row in MANY.items()
]
NEWER = questions.choices("python_version")[1:]
INSTALL = "uv sync"
CHECK, TEST, TEST_UNMEASURED = "uv run just check", "uv run just test", "uv run just test --no-cov"

Run = Callable[[Path, str], str | None]


@pytest.fixture
def run(path_of_a_user: str, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in a project, and returns its output if it fails.

    It says at once how long each command took: the whole suite is minutes of silence otherwise.
    """

    def timed(project: Path, command: str) -> str | None:
        begun = time.monotonic()
        code, output = execute(project, command, {**os.environ, "PATH": path_of_a_user})
        with capfd.disabled():
            print(f"\n    {command}: {time.monotonic() - begun:.0f} s", end=" ", flush=True)
        return None if code == 0 else f"{command}\n{output[-6000:]}"

    return timed


@pytest.fixture
def thorough(pytestconfig: pytest.Config) -> bool:
    """Say whether this is `just test-all`."""
    return "not thorough" not in pytestconfig.getoption("markexpr")


@pytest.mark.parametrize("answers", ROWS)
def test_a_generated_service_passes_its_own_checks_and_tests(
    copy: Callable[..., Path], run: Run, answers: Answers, thorough: bool
) -> None:
    project = copy(**answers)
    git(project, "init", "--quiet")
    before = visible(project)

    # To measure coverage takes half as long again, so most rows do it in `just test-all` only.
    measured = thorough or answers["preset"] != "custom"
    checks = [CHECK, TEST if measured else TEST_UNMEASURED]
    failures = [failure] if (failure := run(project, INSTALL)) else run_all(run, project, checks)

    assert not failures, "\n\n".join([*failures, reproduction(answers)])
    assert visible(project) - before == {"uv.lock"}, "not in .gitignore, or not cleaned up"
    assert still_running(project) == []
    shutil.rmtree(project)
    covered("services installed and put through their own tests")


@pytest.mark.parametrize("name", ["redis-server", "pgbouncer"])
def test_what_the_services_are_tested_against_is_installed(name: str) -> None:
    """Their own tests take an imitation, or are skipped, where it is missing; not in CI."""
    program(name)


@pytest.mark.thorough
def test_every_feature_works_with_the_oldest_libraries_that_are_allowed(
    copy: Callable[..., Path], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rows take the newest: a new project has no lock file."""
    monkeypatch.setenv("UV_RESOLUTION", "lowest-direct")
    project = copy(preset="full")

    assert run_all(run, project, [INSTALL, CHECK, TEST_UNMEASURED]) == []


@pytest.mark.thorough
@pytest.mark.parametrize("version", NEWER)
def test_every_feature_works_with_a_newer_python(
    copy: Callable[..., Path], run: Run, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    monkeypatch.setenv("UV_PYTHON", interpreter(version))
    project = copy(preset="full")

    assert run_all(run, project, [INSTALL, CHECK, TEST_UNMEASURED]) == []
    assert version in (project / ".venv/pyvenv.cfg").read_text()


def interpreter(version: str) -> str:
    """Return a Python of this machine, on PATH or of pyenv; without one, the test is skipped."""
    command = ["uv", "python", "find", "--no-python-downloads", version]
    found = subprocess.run(command, capture_output=True, text=True)
    if found.returncode == 0:
        return found.stdout.strip()
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for path in sorted(pyenv.glob(f"versions/{version}.*/bin/python")):
        return str(path)
    pytest.skip(f"no Python {version} here")


def run_all(run: Run, project: Path, commands: list[str]) -> list[str]:
    """Run every command, even after one failed: each tells something else."""
    return [failure for command in commands if (failure := run(project, command))]


def reproduction(answers: Answers) -> str:
    options = " ".join(f"--data {name}={str(value).lower()}" for name, value in answers.items())
    return f"The same service by hand: just render ../try {options}"


def visible(project: Path) -> set[str]:
    """Return the files git would add there."""
    listed = git(project, "ls-files", "--cached", "--others", "--exclude-standard")
    return set(listed.splitlines())


def still_running(project: Path) -> list[str]:
    """Return the commands of processes that were started for this project and are still there."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if f"{project}/" in command]
