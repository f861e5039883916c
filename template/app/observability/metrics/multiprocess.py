"""The multi-process mode of prometheus_client: one directory for all processes of a server."""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from tempfile import gettempdir

import psutil

from app.core.config import PROJECT, has_supervisor

DIRECTORY_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
SHARED_MEMORY = Path("/dev/shm")  # noqa: S108  (writable even if the root filesystem is not)


def supervisor_pid() -> int | None:
    """Return the process that manages this one and others; None for a single process."""
    return os.getppid() if has_supervisor() else None


def use_directory(supervisor: int | None) -> None:
    """Set the directory of this process. Call it before prometheus_client is imported."""
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if not directory:
        if supervisor is None:
            return
        directory = str(_base_directory() / _unique_name(supervisor))
        os.environ[DIRECTORY_VARIABLE] = directory
    Path(directory).mkdir(parents=True, exist_ok=True)


def remove_dead_gauges(directory: Path) -> None:
    """Remove the gauges of processes that have ended. Their counters stay, or totals would drop."""
    from prometheus_client.multiprocess import mark_process_dead

    for pid in {int(file.stem.rpartition("_")[2]) for file in directory.glob("gauge_*.db")}:
        if not psutil.pid_exists(pid):
            with suppress(FileNotFoundError):  # another process has just removed it
                mark_process_dead(pid, str(directory))


def _base_directory() -> Path:
    """Make the directory that only this user may use; delete those of servers that have ended."""
    parent = SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else Path(gettempdir())
    base = parent / f"{PROJECT.name}-metrics-{os.getuid()}"
    base.mkdir(mode=0o700, exist_ok=True)
    if base.is_symlink() or base.stat().st_uid != os.getuid():
        raise PermissionError(f"{base} belongs to another user; set {DIRECTORY_VARIABLE}")
    for directory in base.iterdir():
        pid = directory.name.partition("-")[0]
        if pid.isdecimal() and _unique_name(int(pid)) != directory.name:
            shutil.rmtree(directory, ignore_errors=True)
    return base


def _unique_name(pid: int) -> str:
    """Return a name that no later process with the same id has."""
    try:
        return f"{pid}-{psutil.Process(pid).create_time():.2f}"
    except psutil.NoSuchProcess:
        return "ended"
