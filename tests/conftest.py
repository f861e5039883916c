"""Shared fixtures: a clean environment, one snapshot of the template, and its renders."""

import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import pytest
import uv
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

from tests.bytecode import Bytecode
from tests.rendering import Renderer, accelerate, git, snapshot

pytest_plugins = ["tests.coverage_summary", "tests.resume", "tests.mutations"]

Render = Callable[..., Path]
ItemT = TypeVar("ItemT")

# They run inside a rendered project.
collect_ignore = ["in_project", "overlay"]

# One service, or one reading of the template, through all tests of a file.
TOGETHER = tuple(
    f"tests/test_{name}.py"
    for name in ("ci", "chaos", "crossing", "example", "static_checks", "variants")
)
# The same, but that its many parts are divided in `just test-all`.
TOGETHER_IN_HASTE = ("tests/test_wiring.py",)


class Scheduling(LoadScopeScheduling):
    """Distributes tests to free processes, and keeps some files in one process."""

    def _reschedule(self, node: WorkerController) -> None:
        """Assign a process one test more than it runs: with two, others may have ended long ago."""
        if self._pending_of(self.assigned_work[node]) < 2:
            super()._reschedule(node)

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        together = TOGETHER if is_thorough(self.config) else TOGETHER + TOGETHER_IN_HASTE
        return file if file in together else nodeid


def is_thorough(config: pytest.Config) -> bool:
    """Return whether this is `just test-all`."""
    return "not thorough" not in config.getoption("markexpr")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the longest tests first, so that all cores are busy until the end."""
    items.sort(
        key=lambda item: (
            "processes_of_each_server" not in item.name,
            item.path.stem != "test_service",
            item.get_closest_marker("service") is None,
        )
    )
    if "PYTEST_XDIST_WORKER" in os.environ:
        long = [item for item in items if item.get_closest_marker("service")]
        items[:] = spread(long, items[len(long) :])


def spread(long: list[ItemT], short: list[ItemT]) -> list[ItemT]:
    """Put some of the short after each of the long: what is queued behind a long one is short."""
    count, rest = divmod(len(short), len(long)) if long else (0, len(short))
    each = iter(short)
    return [*islice(each, rest), *(x for one in long for x in (one, *islice(each, count)))]


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Use three more processes than cores: services wait half of the time.

    One more for `just test-all`, whose rows are whole services with times of their own.
    """
    return len(os.sched_getaffinity(0)) + (1 if config.getoption("resume") else 3)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Scheduling:
    """Return our scheduler."""
    return Scheduling(config, log)


@pytest.fixture(scope="session", autouse=True)
def environment(shared: Path) -> Iterator[None]:
    """Remove the caller's settings from the environment, and set an author for git."""
    patch = pytest.MonkeyPatch()
    for variable in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "DATABASE_URL", "TEST_DATABASE_URL"):
        patch.delenv(variable, raising=False)
    # Rendered services start hundreds of processes, which would compile everything anew.
    patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
    patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    # A checkout may belong to another user, in a container for example.
    patch.setenv("GIT_CONFIG_COUNT", "1")
    patch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    patch.setenv("GIT_CONFIG_VALUE_0", "*")
    for role in ("AUTHOR", "COMMITTER"):
        patch.setenv(f"GIT_{role}_NAME", "Test")
        patch.setenv(f"GIT_{role}_EMAIL", "test@example.com")
    (shared / "settings.yml").write_text("{}")
    patch.setenv("COPIER_SETTINGS_PATH", str(shared / "settings.yml"))
    patch.setenv("COPIER_CACHE_DIR", str(shared / "copier"))
    accelerate(patch)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this run share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def bytecode(shared: Path) -> Bytecode:
    """Return the compiled modules of this run, shared by all processes."""
    return Bytecode(shared / "bytecode")


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the working tree, without its history."""
    return snapshot(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="session")
def render(source: Path, shared: Path) -> Render:
    """Return a function that renders the template, once for each set of answers."""
    cache = shared / "renders"
    cache.mkdir(exist_ok=True)
    return Renderer(source, cache)


@pytest.fixture(scope="session")
def released(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with this working tree as release 1.0.0, shared by all processes.

    Its projects name its path and its commit, and are compared byte by byte.
    """
    done = shared / "released"
    if not done.exists():
        repository = snapshot(tmp_path_factory.mktemp("released") / "template")
        git(repository, "init", "--quiet")
        git(repository, "add", "--all")
        git(repository, "commit", "--quiet", "--message", "1.0.0")
        git(repository, "tag", "1.0.0")
        with contextlib.suppress(OSError):  # another process has made it
            repository.rename(done)
    return done


@pytest.fixture(scope="session")
def copied(released: Path, shared: Path) -> Render:
    """Return a function that copies a project from the release, each set of answers once."""
    cache = shared / "copies"
    cache.mkdir(exist_ok=True)
    return Renderer(released, cache)


@pytest.fixture(scope="session")
def path_of_a_user(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a PATH with uv and without the tools of this repository.

    They would hide a missing dependency of a generated project.
    """
    folder = tmp_path_factory.mktemp("bin")
    for name in ("uv", "uvx"):
        (folder / name).symlink_to(Path(uv.find_uv_bin()).with_name(name))
    own = Path(sys.executable).parent
    rest = [part for part in os.environ["PATH"].split(os.pathsep) if Path(part) != own]
    return os.pathsep.join([str(folder), *rest])


@pytest.fixture
def copy(render: Render, tmp_path: Path) -> Callable[..., Path]:
    """Return a function like `render`, whose projects may be changed."""

    def copied(**answers: Any) -> Path:
        return Path(shutil.copytree(render(**answers), tmp_path / "project", symlinks=True))

    return copied
