"""Closing the door: whoever stands in it is let in, and nobody else."""

import socket
import subprocess
import sys

import pytest

from app.core.listener import turn_deaf
from app.core.project import ROOT

if sys.platform != "linux":
    pytest.skip("packet filters are Linux's", allow_module_level=True)

pytestmark = pytest.mark.usefixtures("hearing_again")


def test_who_has_knocked_is_let_in_and_nobody_after() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = listener.getsockname()
        with socket.create_connection(address) as early:
            turn_deaf()

            early.sendall(b"tea")
            with pytest.raises(TimeoutError):
                socket.create_connection(address, timeout=0.2)
            accepted, _ = listener.accept()
            with accepted:
                assert accepted.recv(3) == b"tea"


def test_a_listener_that_the_parent_keeps_stays_open() -> None:
    command = [sys.executable, "-c", "from app.core.listener import turn_deaf; turn_deaf()"]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        numbers = [listener.fileno()]

        subprocess.run(command, cwd=ROOT, pass_fds=numbers, check=True)

        socket.create_connection(listener.getsockname(), timeout=20).close()
