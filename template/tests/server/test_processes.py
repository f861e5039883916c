"""Stop signals that come while processes start."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.config import ROOT
from tests.processes import eventually

pytestmark = pytest.mark.process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_during_the_start_is_handled_after_it(tmp_path: Path, number: int) -> None:
    command = [sys.executable, "-m", "tests.server.beginner", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        eventually(lambda: len(list(tmp_path.glob("begun-*"))) == 2)

        os.killpg(process.pid, number)  # as a terminal does, and a manager of services may
        (tmp_path / "go-on").touch()
        _, said = process.communicate(timeout=60)

    assert (process.returncode, said) == (0, "")
    assert len(list(tmp_path.glob("stopped-*"))) == 2
