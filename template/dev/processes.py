"""The programs that the launcher runs."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

STOP_SECONDS = 10


def supervise(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program that only we stop, and return its exit code.

    It is in a session of its own, so that Ctrl-C reaches us alone. Whatever interrupts us stops
    it and whatever it has started, and goes on its way when all has ended.
    """
    child = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return exit_code(child.wait())
    except BaseException:
        stop(child)
        raise


def stop(child: subprocess.Popen[Any], seconds: float = STOP_SECONDS) -> None:
    """Stop a program in a session of its own, and whatever it has started."""
    child.terminate()
    with suppress(subprocess.TimeoutExpired):
        child.wait(seconds)
    with suppress(ProcessLookupError, PermissionError):  # nothing is left, as it should be
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def hand_over(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program that owns the terminal, such as a prompt, and return its exit code.

    Ctrl-C is its own affair: a prompt only drops the line. Other requests to stop are passed on.
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
    """Return the exit code as shells do: after a signal, 128 and its number."""
    return code if code >= 0 else 128 - code


def free_port() -> int:
    """Return a port of 127.0.0.1 that no program listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
