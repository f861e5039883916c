"""Runs commands in rendered projects, with a timeout."""

import os
import shlex
import signal
import subprocess
from pathlib import Path

# Seconds for one command. The full service takes half of it with coverage, on two busy cores.
LIMIT = 1800.0


def execute(project: Path, command: str, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command. A timeout kills it and its child processes, Ctrl-C interrupts them."""
    with subprocess.Popen(
        shlex.split(command),
        cwd=project,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            output, _ = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
            output += f"\nended after {LIMIT:.0f} s"
        except BaseException:
            # Ctrl-C does not reach its session: pytest and the services that it has started go on.
            os.killpg(process.pid, signal.SIGINT)
            raise
    return process.returncode, output
