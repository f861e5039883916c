"""`python -m dev serve`, from outside: what `just dev` runs."""

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest

from dev import database
from dev.project import ROOT

pytestmark = pytest.mark.process

START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str) -> int:
    """Return the status that `url` answers with, once it does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return httpx2.get(url).status_code
        except httpx2.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


@pytest.mark.parametrize("stops", [[signal.SIGINT], [signal.SIGTERM] * 200], ids=["once", "often"])
def test_the_service_answers_and_ends_quietly(
    stops: list[signal.Signals], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    port, output = free_port(), tmp_path / "output"
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.delenv("HOST", raising=False)
    with database.testing() as url, output.open("w") as log:
        monkeypatch.setenv("DATABASE_URL", f"{url.rpartition('/')[0]}/serve_test")
        with subprocess.Popen(
            [sys.executable, "-m", "dev", "serve"], cwd=ROOT, stdout=log, stderr=log
        ) as launcher:
            try:
                status = wait_for(live := f"http://127.0.0.1:{port}/health/live")
            finally:
                for stop in stops:
                    launcher.send_signal(stop)

    assert status == 200
    with pytest.raises(httpx2.TransportError):  # the server has ended, too
        httpx2.get(live)
    assert launcher.returncode == 0, output.read_text()
    assert output.read_text().startswith("The API documentation will be at http://127.0.0.1:")
    assert "Traceback" not in output.read_text()


@pytest.mark.parametrize("listens", [True, False], ids=["taken", "no number"])
def test_a_port_that_cannot_be_used_is_named_before_anything_starts(
    monkeypatch: pytest.MonkeyPatch, listens: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1]) if listens else "eighty"
        monkeypatch.setenv("PORT", port)
        monkeypatch.delenv("HOST", raising=False)

        done = subprocess.run(
            [sys.executable, "-m", "dev", "serve"], cwd=ROOT, capture_output=True, text=True
        )

    [line] = done.stderr.splitlines()
    assert done.returncode == 1
    assert line.startswith(f"PORT: {port} on 127.0.0.1 is in use; set PORT" if listens else "PORT ")
