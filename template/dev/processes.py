"""Run programs, and share one development server among several processes."""

import fcntl
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

STOP_TIMEOUT_SECONDS = 10


def run_supervised(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program in a session of its own and return its exit code.

    Ctrl-C in the terminal therefore reaches the launcher alone. An exception in the launcher
    stops the program and its children, and is raised again when all have ended.
    """
    child = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return exit_code(child.wait())
    except BaseException:
        stop(child)
        raise


def stop(child: subprocess.Popen[Any], timeout_seconds: float = STOP_TIMEOUT_SECONDS) -> None:
    """Terminate a program that leads its session, then kill it and its children."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout_seconds)
    with suppress(ProcessLookupError, PermissionError):  # all have ended
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def run_in_foreground(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program that uses the terminal, such as a prompt, and return its exit code.

    The launcher ignores Ctrl-C, which the program handles: a prompt only clears the line.
    Other stop signals are passed on.
    """
    # A function, not SIG_IGN, which the program would inherit.
    signal.signal(signal.SIGINT, lambda _signal, _frame: None)
    child = subprocess.Popen(command, env=environment)
    try:
        return exit_code(child.wait())
    except BaseException:
        child.terminate()
        child.wait()
        raise


def exit_code(code: int) -> int:
    """Return the exit code as shells do: after a signal, 128 plus its number."""
    return code if code >= 0 else 128 - code


def free_port() -> int:
    """Return a port of 127.0.0.1 that no program listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def shared_server(
    directory: Path, start: Callable[[], str], stop: Callable[[], None]
) -> Generator[str]:
    """Share one server among all processes that use `directory`, and yield its URL.

    `start` returns the URL of the running server, or starts one; the last user calls `stop`.
    A killed process is no user any more, because the kernel releases its locks.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "users.lock").open("a") as users:
        try:
            with start_lock(directory):
                fcntl.flock(users, fcntl.LOCK_SH)
                url = start()
            yield url
        finally:
            with start_lock(directory), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # fails while it has other users
                stop()


@contextmanager
def start_lock(directory: Path) -> Generator[None]:
    """Hold the lock under which one process at a time starts or stops the server."""
    with (directory / "start.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
