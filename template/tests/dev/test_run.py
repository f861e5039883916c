"""`python -m dev run`, end to end."""

import os
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from dev import database
from dev.project import ROOT

pytestmark = pytest.mark.process

RUN = (sys.executable, "-m", "dev", "run")
WAIT = "import time; print('started', flush=True); time.sleep(60)"


@pytest.fixture(autouse=True)
def url(monkeypatch: pytest.MonkeyPatch) -> Generator[str]:
    """Let the commands use the tests' database for development."""
    with database.testing() as url:
        monkeypatch.setenv("DATABASE_URL", url)
        yield url


def test_a_command_receives_the_database_url(url: str) -> None:
    command = [*RUN, sys.executable, "-c", "import os; print(os.environ['DATABASE_URL'])"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == url


def test_the_exit_code_of_a_command_is_returned() -> None:
    command = [*RUN, sys.executable, "-c", "raise SystemExit(7)"]

    assert subprocess.run(command, cwd=ROOT, check=False).returncode == 7


def test_a_missing_command_is_named(tmp_path: Path) -> None:
    command = [*RUN, f"{tmp_path}/missing"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == f"{tmp_path}/missing cannot be run: No such file or directory.\n"


def test_a_stop_signal_is_passed_on_without_a_traceback() -> None:
    command = [*RUN, sys.executable, "-c", WAIT]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdout.readline() == "started\n"

        os.kill(launcher.pid, signal.SIGTERM)
        output = launcher.communicate(timeout=60)

    assert launcher.returncode == 128 + signal.SIGTERM
    assert output == ("", "")
