"""Installs generated services from their own files, and runs their own checks and tests.

What runs when, and why that is enough: docs/decisions/rows.md. To run a row again: `just test -k
NAME`, or by hand with the command a failure ends with.
"""

import contextlib
import itertools
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import combinations, questions, texts
from tests.bytecode import Bytecode
from tests.combinations import Answers
from tests.commands import execute
from tests.conftest import Render, is_thorough
from tests.coverage_summary import count_covered
from tests.rendering import git
from tests.resume import SkipIfPassed, files_of
from tests.tools import program
from tests.turns import TODAY, changed, in_projects, of_day, taking_turns

pytestmark = pytest.mark.service
THOROUGH = pytest.mark.thorough


def parameters(rows: list[Answers], *marks: pytest.MarkDecorator) -> list[pytest.ParameterSet]:
    """Return rows as parameters of a test, named by what they render."""
    named = combinations.named(rows, paper=False)
    return [pytest.param(row, id=name, marks=marks) for name, row in named.items()]


FEW, MANY = combinations.few(paper=False), combinations.many(paper=False)
PRESETS = combinations.named(combinations.preset_rows(), paper=False)
ALONE = combinations.named(combinations.alone(), paper=False)
# The rows of every run in which all other pairs meet.
PAIRS = {name: texts.answers(**row) for name, row in FEW.items() if name not in PRESETS | ALONE}
# What decides who may call: all pairs of these meet in every run.
ACCOUNTS = ("auth", "permissions", "api_keys")
MEETING = (*ACCOUNTS, "cache", "rate_limit", "websocket", "database")
CHANGED = texts.owners(in_projects(changed()))


def of_today(day: int = TODAY) -> set[str]:
    """Return the rows of a day: the presets, a half of the others, and all toggles that differ.

    And those in which the other pairs of `MEETING` meet.
    """
    differing = {name for name, row in ALONE.items() if any(map(row.get, CHANGED))}
    # Sorted, because the choices of their databases take turns too.
    names = {*PRESETS, *of_day(sorted(ALONE), 2, day), *of_day(list(PAIRS), 2, day), *differing}
    return combinations.completed(names, FEW, MEETING)


TODAYS = of_today()
# The long ones first, so that all cores are busy until the end.
ROWS = [
    pytest.param(row, id=name, marks=() if name in TODAYS else THOROUGH)
    for name, row in sorted(MANY.items(), key=lambda row: -row[0].count("-"))
]
ONE_EACH, OTHERS = combinations.servers()
SERVERS = [*taking_turns(parameters(ONE_EACH), len(ONE_EACH)), *parameters(OTHERS, THOROUGH)]
# Resources are made in the presets, and in tests/test_resource.py.
NO_RESOURCE = "--ignore tests/dev/test_resource_process.py"
NEWER = questions.choices("python_version")[1:]
LOCK, INSTALL = "uv lock", "uv sync"
CHECK, TEST_ALL = "uv run just check", "uv run just test-all"
# One process for each row, since several rows run at a time.
UNMEASURED = "uv run just test -n 0 --no-cov"
# What is tested in every row: its start, the contract of all routes, its settings.
COMMON = (
    "tests/test_main.py",
    "tests/api/test_openapi.py",
    "tests/api/test_routes.py",
    "tests/core/test_config.py",
    "tests/core/test_env_example.py",
)

Run = Callable[[Path, str], str | None]
RunIn = Callable[[Path, list[str]], list[str]]


@pytest.fixture
def run(path_of_a_user: str, capfd: pytest.CaptureFixture[str]) -> Run:
    """Return a function that runs a command in a project, and returns its output if it fails.

    It prints the duration of each command at once: the whole suite takes minutes.
    """

    def timed(project: Path, command: str) -> str | None:
        begun = time.monotonic()
        code, output = execute(project, command, {**os.environ, "PATH": path_of_a_user})
        with capfd.disabled():
            print(f"\n    {command}: {time.monotonic() - begun:.0f} s", end=" ", flush=True)
        return None if code == 0 else f"{command}\n{output[-6000:]}"

    return timed


@pytest.fixture
def run_in(run: Run, skip_if_passed: SkipIfPassed, bytecode: Bytecode) -> RunIn:
    """Return a function that installs a project, runs commands in it, and returns the failures."""

    def installed(project: Path, commands: list[str]) -> list[str]:
        git(project, "init", "--quiet")
        before = set(files_of(project))
        if failure := run(project, LOCK):
            return [failure]
        skip_if_passed(project)
        if failure := run(project, INSTALL):
            return [failure]
        bytecode.link(project)

        failures = run_all(run, project, commands)

        if not failures:
            assert set(files_of(project)) - before == {"uv.lock"}, "not ignored, or not cleaned up"
            assert still_running(project) == []
            bytecode.keep(project)
            shutil.rmtree(project)
        return failures

    return installed


@pytest.mark.parametrize("answers", ROWS)
def test_a_generated_service_passes_its_own_checks_and_tests(
    copy: Callable[..., Path],
    render: Render,
    run_in: RunIn,
    answers: Answers,
    pytestconfig: pytest.Config,
) -> None:
    project = copy(**answers)
    if is_thorough(pytestconfig):
        commands = everything(project, answers, render(preset="minimal"))
    else:
        commands = essentials(project, answers)

    failures = run_in(project, commands)

    assert not failures, "\n\n".join([*failures, reproduction(answers)])
    count_covered("services installed and put through their own tests")


@pytest.mark.parametrize("answers", SERVERS)
def test_the_processes_of_each_server_start_stop_and_are_replaced(
    copy: Callable[..., Path],
    run_in: RunIn,
    answers: Answers,
) -> None:
    project = copy(**answers)

    failures = run_in(project, [f"{UNMEASURED} -m process {NO_RESOURCE}"])

    assert not failures, "\n\n".join([*failures, reproduction(answers)])
    count_covered("services whose processes were started, drained, killed and replaced")


def essentials(project: Path, answers: Answers) -> list[str]:
    """Return the commands of every run for a row."""
    name = combinations.effect(answers, paper=False)
    if name in PRESETS:
        return [CHECK, UNMEASURED]
    conditions = {condition for condition in questions.exclusions() if is_turn_of(condition, name)}
    tests = [*COMMON, *own_tests(project, answers, conditions)]
    checked = name in of_day(list(PAIRS), 4)
    return [*([CHECK] if checked else []), f"{UNMEASURED} {' '.join(tests)}"]


def everything(project: Path, answers: Answers, minimal: Path) -> list[str]:
    """Return the commands of `just test-all` for a row."""
    name = combinations.effect(answers, paper=False)
    if name in PRESETS:
        return [CHECK, TEST_ALL]
    if name in ALONE:
        same = tool_tests(project).items() & tool_tests(minimal).items()
        return [CHECK, " ".join([TEST_ALL, *sorted(f"--ignore {path}" for path, _ in same)])]
    return [CHECK, UNMEASURED]


def tool_tests(project: Path) -> dict[str, str]:
    """Return the texts of the tests of developers' tools that start processes, by path."""
    files = (project / "tests/dev").glob("test_*.py")
    texts = {str(file.relative_to(project)): file.read_text() for file in files}
    return {path: text for path, text in texts.items() if "\npytestmark = pytest.mark.p" in text}


def is_turn_of(condition: str, name: str, day: int = TODAY) -> bool:
    """Return whether a row runs the tests of a feature on a day.

    Each feature's tests run in one of the day's pair rows that have it, in turn. Those of accounts
    run in one on SQLite too.
    """
    rows = [row for row in of_day(list(PAIRS), 2, day) if PAIRS[row].get(condition) is True]
    always = name not in PAIRS or (condition in ACCOUNTS and runs_account_tests(PAIRS[name]))
    return always or (name in rows and rows[day // 2 % len(rows)] == name)


def runs_account_tests(known: Answers) -> bool:
    """Return whether a pair row runs the tests of accounts every day: on SQLite, unlike `full`."""
    return known["database"] == "sqlite" and all(map(known.get, ACCOUNTS))


def own_tests(project: Path, answers: Answers, conditions: set[str]) -> list[str]:
    """Return the tests of a row's features, except of a required one that has its own row."""
    known = texts.answers(**answers)
    needed = {need for name, need in questions.requires().items() if known[name]}
    needed -= set(ACCOUNTS if runs_account_tests(known) else ())
    brought = {
        path
        for condition, paths in questions.exclusions().items()
        for path in paths
        if known.get(condition) is True and condition in conditions - needed
        if is_of_tests(path) and (project / path).exists()
    }
    return sorted(path for path in brought if str(Path(path).parent) not in brought)


def is_of_tests(path: str) -> bool:
    """Return whether a path is a folder or a module of tests."""
    return path.startswith("tests/") and (Path(path).suffix == "" or "/test_" in path)


def test_two_days_cover_every_row_and_each_has_the_presets() -> None:
    days = [of_today(day) for day in (30, 31)]

    assert days[0] | days[1] == set(FEW)
    assert days[0] & days[1] >= set(PRESETS)
    if not CHANGED:
        assert max(map(len, days)) <= len(PRESETS) + (len(ALONE) + len(PAIRS)) // 2 + 4


def test_each_toggle_alone_runs_its_own_process_tests_and_those_of_the_app(render: Render) -> None:
    row = next(row for row in ALONE.values() if row["celery"])

    _, command = everything(render(**row), row, render(preset="minimal"))

    assert command.startswith(f"{TEST_ALL} --ignore tests/dev/test_")
    assert "tests/dev/test_serve.py" in command
    assert "test_workers" not in command
    assert command.count("--ignore") == command.count("tests/dev/")


@pytest.mark.parametrize("day", [30, 31])
def test_all_pairs_of_what_decides_who_may_call_meet_every_day(day: int) -> None:
    rows = [texts.answers(**FEW[name]) for name in of_today(day)]
    every = [texts.answers(**row) for row in FEW.values()]

    for pair in itertools.combinations(MEETING, 2):
        met = {tuple(map(row.get, pair)) for row in rows}
        assert met == {tuple(map(row.get, pair)) for row in every}
        assert len(met) in {3, 4}  # three where one needs the other
    assert any(map(runs_account_tests, rows))


@pytest.mark.parametrize("condition", sorted(questions.exclusions()))
def test_the_tests_of_a_feature_run_in_each_pair_row_that_has_it_in_turn(condition: str) -> None:
    rows = [name for name, known in PAIRS.items() if known.get(condition) is True]

    days = range(2 * len(PAIRS))
    turns = [[row for row in PAIRS if is_turn_of(condition, row, day)] for day in days]

    assert all(len(turn) <= 1 + (condition in ACCOUNTS) for turn in turns)
    assert {row for turn in turns for row in turn} == set(rows)
    assert all(is_turn_of(condition, row) for row in {*PRESETS, *ALONE})


@pytest.mark.parametrize("name", ["redis-server", "pgbouncer"])
def test_programs_that_the_services_are_tested_with_are_installed(name: str) -> None:
    """Their own tests use a fake, or are skipped, where one is missing; not in CI."""
    program(name)


@THOROUGH
def test_every_feature_works_with_the_oldest_libraries_that_are_allowed(
    copy: Callable[..., Path],
    run_in: RunIn,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The rows take the newest: a new project has no lock file."""
    monkeypatch.setenv("UV_RESOLUTION", "lowest-direct")

    assert run_in(copy(preset="full"), [CHECK, f"{TEST_ALL} --no-cov"]) == []


@THOROUGH
@pytest.mark.parametrize("version", NEWER)
def test_every_feature_works_with_a_newer_python(
    copy: Callable[..., Path],
    run_in: RunIn,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
) -> None:
    monkeypatch.setenv("UV_PYTHON", interpreter(version))
    used = f"grep --quiet {version} .venv/pyvenv.cfg"

    commands = [used, CHECK, f"{TEST_ALL} --no-cov"]
    assert run_in(copy(preset="full"), commands) == []


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
    """Run every command, also after a failure, to report all failures."""
    return [failure for command in commands if (failure := run(project, command))]


def reproduction(answers: Answers) -> str:
    options = " ".join(f"--data {name}={str(value).lower()}" for name, value in answers.items())
    return f"The same service by hand: just render ../try {options}"


def still_running(project: Path) -> list[str]:
    """Return the commands of processes of this project that are still running."""
    commands = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            commands.append(entry.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return [command for command in commands if f"{project}/" in command]
