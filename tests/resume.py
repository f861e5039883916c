"""Skips tests that passed before, so that an interrupted `just test-all` can be resumed.

A test is skipped while nothing that it depends on has changed since it passed: the files of this
repository, Python and the tools. A test of a rendered project depends on the files of that project,
the versions in its `uv.lock` and its own module instead, so that a change of the template runs the
rows that it changes. `--fresh` deletes all results. Failures are printed when they happen.
"""

import platform
import re
import shutil
from collections.abc import Callable, Generator, Iterable
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

import pytest

from tests.coverage_summary import count_covered
from tests.questions import ROOT
from tests.rendering import git, working_tree

FOLDER = ROOT / ".local" / "passed"
KEY, FAILED = pytest.StashKey[str](), pytest.StashKey[bool]()
ANSWERS = ".copier-answers.yml"
SOURCE = re.compile(rb"^_src_path: .*$", re.MULTILINE)
# Each test of these begins where the one before it has stopped.
SEQUENCES = ("tests/test_chaos.py",)
# What the tests of rendered projects run them with.
HARNESS = ("tests/bytecode.py", "tests/commands.py", "tests/conftest.py", "tests/rendering.py")

SkipIfPassed = Callable[[Path], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options of `just test-all`."""
    group = parser.getgroup("passed")
    group.addoption("--resume", action="store_true", help="leave out tests that passed before")
    group.addoption("--fresh", action="store_true", help="with --resume: run all tests again")


@pytest.hookimpl(trylast=True)  # the terminal's plugin is there
def pytest_configure(config: pytest.Config) -> None:
    """Delete the results for `--fresh`, and print failures at once, in the main process."""
    if hasattr(config, "workerinput"):
        return
    if config.getoption("fresh"):
        shutil.rmtree(FOLDER, ignore_errors=True)
    terminal = config.pluginmanager.get_plugin("terminalreporter")
    if terminal and config.getoption("resume"):
        config.pluginmanager.register(FailuresAtOnce(terminal))


class FailuresAtOnce:
    """Prints a failure when it happens: the end of the run is hours away, or never comes."""

    def __init__(self, terminal: pytest.TerminalReporter) -> None:
        self.terminal = terminal

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Print the failure of a test, its setup or its teardown."""
        if report.failed:
            self.terminal.ensure_newline()
            self.terminal.write_sep("_", report.nodeid)
            self.terminal.write_line(report.longreprtext)


@pytest.fixture
def skip_if_passed(request: pytest.FixtureRequest) -> SkipIfPassed:
    """Return a function that skips a test if it passed with the same project and `uv.lock`."""

    def check(project: Path) -> None:
        code = _digests(ROOT, HARNESS) + sha256(request.path.read_bytes()).digest()
        _skip_if_passed(request.node, code, project_digests(project))

    return check


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a test that depends on this repository alone, if it passed."""
    own = "skip_if_passed" in getattr(item, "fixturenames", ())
    if item.config.getoption("resume") and not own and not item.nodeid.startswith(SEQUENCES):
        _skip_if_passed(item, _repository())


def _skip_if_passed(item: pytest.Item, *digests: bytes) -> None:
    if item.config.getoption("resume"):
        item.stash[KEY] = sha256(b"".join([item.nodeid.encode(), _tools(), *digests])).hexdigest()
        if (FOLDER / item.stash[KEY]).exists():
            count_covered("tests that passed before, on the same files and versions")
            pytest.skip("passed before on the same files and versions")


def files_of(project: Path) -> list[str]:
    """Return the files that git would add in a folder."""
    listed = git(project, "ls-files", "--cached", "--others", "--exclude-standard")
    return sorted(set(listed.splitlines()))


def project_digests(project: Path) -> bytes:
    """Return the digests of a rendered project's files, which are the same in each run.

    The answers name the folder of the template, which is a temporary one.
    """
    answers = SOURCE.sub(b"", (project / ANSWERS).read_bytes())
    files = [name for name in files_of(project) if name != ANSWERS]
    return sha256(answers).digest() + _digests(project, files)


def _digests(top: Path, names: Iterable[str]) -> bytes:
    return b"".join(sha256(name.encode() + (top / name).read_bytes()).digest() for name in names)


@cache
def _repository() -> bytes:
    return _digests(ROOT, working_tree())


@cache
def _tools() -> bytes:
    found = sorted(f"{one.name}=={one.version}" for one in distributions())
    return "\n".join([platform.python_version(), *found]).encode()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Record that a test passed, after its teardown."""
    report = yield
    if report.outcome != "passed":
        item.stash[FAILED] = True
    elif report.when == "teardown" and KEY in item.stash and FAILED not in item.stash:
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / item.stash[KEY]).write_text(item.nodeid)
    return report
