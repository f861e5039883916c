"""The folder in which processes that serve together share their counts, as mapped files."""

import fcntl
import multiprocessing
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import gettempdir

import psutil

from app.core.project import PROJECT

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
MEMORY = Path("/dev/shm")  # noqa: S108  (writable even where the root is not)
# What the dead have counted is kept in the files of this one.
NOBODY = 0


def supervisor() -> int | None:
    """The process that runs this one beside others; None if it stands alone."""
    managed = multiprocessing.parent_process() is not None
    gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    return os.getppid() if managed or gunicorn else None


def share_with(owner: int | None) -> Path | None:
    """Choose the folder for this process, before prometheus_client is imported."""
    if given := os.environ.get(VARIABLE):
        folder = Path(given)
    elif owner is None:
        return None
    else:
        folder = _make_base() / _name(owner)
        os.environ[VARIABLE] = str(folder)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _base() -> Path:
    parent = MEMORY if os.access(MEMORY, os.W_OK) else Path(gettempdir())
    return parent / f"{PROJECT.name}-metrics-{os.getuid()}"


def _make_base() -> Path:
    """Make the folder of all folders, which is ours alone, and drop those whose owner is gone."""
    base = _base()
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to somebody else; set {VARIABLE}")
    for folder in base.iterdir():
        pid = folder.name.partition("-")[0]
        if pid.isdecimal() and _name(int(pid)) != folder.name:
            shutil.rmtree(folder, ignore_errors=True)
    return base


def _name(pid: int) -> str:
    """Name a process so that no later one has the same name."""
    try:
        return f"{pid}-{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return "gone"


@contextmanager
def locked(folder: Path) -> Generator[None]:
    """Let nobody else read or bury meanwhile; a count could be seen twice."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def bury(folder: Path, *, leaving: int | None = None) -> None:
    """Keep what the dead, and one who leaves, have counted in one file; drop what they had open."""
    from prometheus_client.mmap_dict import MmapedDict

    for file in folder.glob("*_*.db"):
        kind, _, pid = file.stem.rpartition("_")
        if int(pid) == NOBODY or (psutil.pid_exists(int(pid)) and int(pid) != leaving):
            continue
        if kind in {"counter", "histogram"}:
            grave = MmapedDict(str(folder / f"{kind}_{NOBODY}.db"))
            for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):
                grave.write_value(key, grave.read_value(key)[0] + value, 0.0)
            grave.close()
        file.unlink()


def leave(folder: Path) -> None:
    """Leave this process's counts to the others; the last one out removes the folder."""
    with suppress(FileNotFoundError), locked(folder):  # unless somebody has removed it already
        bury(folder, leaving=os.getpid())
        alone = all(file.stem.endswith(f"_{NOBODY}") for file in folder.glob("*_*.db"))
        if alone and folder.parent == _base():
            shutil.rmtree(folder, ignore_errors=True)
