"""Commands in rendered projects end with the tests that run them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests import commands
from tests.processes import until
from tests.questions import ROOT

# Waits, and so does its own child.
WAIT = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
open("pids.new", "w").write(f"{os.getpid()} {child.pid}")
os.rename("pids.new", "pids")
child.wait()
"""
EXECUTE = """
import os, sys
from pathlib import Path
from tests.commands import execute
execute(Path(), f"{sys.executable} wait.py", dict(os.environ))
"""


def test_an_interrupted_test_leaves_no_process(tmp_path: Path) -> None:
    (tmp_path / "wait.py").write_text(WAIT)
    pids = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    with subprocess.Popen(
        [sys.executable, "-c", EXECUTE], cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
    ) as test:
        until(pids.exists)
        test.send_signal(signal.SIGINT)
        try:
            code = test.wait(60)
        finally:
            test.kill()

    started = [int(pid) for pid in pids.read_text().split()]
    until(lambda: not any(map(psutil.pid_exists, started)))
    assert code != 0


def test_a_command_that_does_not_end_is_killed_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "wait.py").write_text(WAIT)
    monkeypatch.setattr(commands, "LIMIT", 3.0)

    code, output = commands.execute(tmp_path, f"{sys.executable} wait.py", dict(os.environ))

    assert code == -signal.SIGKILL
    assert "ended after 3 s" in output
    started = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    until(lambda: not any(map(psutil.pid_exists, started)))
