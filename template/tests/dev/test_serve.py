"""`python -m dev serve`, which `just dev` runs, end to end."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from dev import database
from dev.project import ROOT
from tests.databases import free_port
from tests.processes import ATTEMPTS, TIMEOUT_SECONDS, environment

pytestmark = pytest.mark.process

# The launcher starts a server, migrates, and starts another: each of them a minute at most.
START_SECONDS = 3 * TIMEOUT_SECONDS
SERVE = [sys.executable, "-m", "dev", "serve"]
# What the launcher writes.
DOCUMENTS = ("openapi*.json", "reference.md")


@pytest.fixture(autouse=True)
def documents() -> Generator[None]:
    """Restore the documents: those written here contain the routes of the tests."""
    before = {path: path.read_bytes() for path in written()}
    yield
    for path in written():
        path.unlink()
    for path, content in before.items():
        path.write_bytes(content)


def written() -> list[Path]:
    """Return the documents that there are."""
    return [path for pattern in DOCUMENTS for path in (ROOT / "docs").glob(pattern)]


@contextmanager
def launched(output: Path) -> Generator[tuple[subprocess.Popen[bytes], str]]:
    """Run the launcher until the service answers, and wait for its end afterwards."""
    for _ in range(ATTEMPTS):  # another program may take the port while the database starts
        url = f"http://127.0.0.1:{(port := free_port())}/health/live"
        with (
            output.open("w") as log,
            subprocess.Popen(
                SERVE, cwd=ROOT, env=environment(PORT=str(port)), stdout=log, stderr=log
            ) as launcher,
        ):
            if answers(url, launcher):
                yield launcher, url
                return
    raise ChildProcessError(output.read_text())


def answers(url: str, launcher: subprocess.Popen[bytes]) -> bool:
    """Wait until the service answers; False if the launcher ends before."""
    deadline = time.monotonic() + START_SECONDS
    with httpx2.Client() as client:
        while launcher.poll() is None:
            try:
                return client.get(url).status_code == 200
            except httpx2.TransportError:
                if time.monotonic() > deadline:
                    launcher.terminate()
                time.sleep(0.05)
    return False


@pytest.mark.parametrize("stops", [[signal.SIGINT], [signal.SIGTERM] * 200], ids=["once", "often"])
def test_the_service_answers_and_stops_without_a_traceback(
    stops: list[signal.Signals], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    output = tmp_path / "output"
    monkeypatch.delenv("HOST", raising=False)
    with database.testing() as url:
        monkeypatch.setenv("DATABASE_URL", f"{url.rpartition('/')[0]}/serve_test")
        with launched(output) as (launcher, live):
            for stop in stops:
                launcher.send_signal(stop)

    with pytest.raises(httpx2.TransportError):  # the server has ended, too
        httpx2.get(live)
    assert launcher.returncode == 0, output.read_text()
    assert output.read_text().startswith("The API documentation will be at http://127.0.0.1:")
    assert "Traceback" not in output.read_text()
    assert {"openapi.json", "reference.md"} <= {path.name for path in written()}


@pytest.mark.parametrize("listens", [True, False], ids=["taken", "no number"])
def test_an_unusable_port_is_reported_before_anything_starts(
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
