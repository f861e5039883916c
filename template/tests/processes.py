"""Run the service in its own process, as it is deployed."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from app.core.config import ROOT
from tests.databases import free_port

# What a busy machine may need to start a process, or to do anything else.
TIMEOUT_SECONDS = 60
ATTEMPTS = 3
# The second adds the blueprint to the app.
PATH = os.pathsep.join(map(str, (ROOT, ROOT / "tests/blueprint/process")))


def eventually(condition: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> None:
    """Wait for a condition, blocking."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition, without blocking the event loop."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110  (no event to wait for)
            await asyncio.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Whether a process has closed its sockets. It may still be a zombie.

    Its first thread is one before the others, which hold the sockets, have ended.
    """
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1
    return True


@dataclass(frozen=True, slots=True)
class Service:
    """A running `python -m app serve`."""

    process: subprocess.Popen[bytes]
    url: str
    output: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return its log: JSON, line by line."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def stop(self) -> None:
        """Send SIGTERM, and do not wait."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to all of its processes."""
        os.killpg(self.process.pid, signal.SIGKILL)


def environment(**settings: str) -> dict[str, str]:
    """Our environment with some settings changed, for a process in any folder."""
    return os.environ | {"PYTHONPATH": PATH} | settings


@contextmanager
def serving(folder: Path, **settings: str) -> Generator[Service]:
    """Run the service in `folder`, where no `.env` is, until it answers; kill it afterwards."""
    for attempt in range(1, ATTEMPTS + 1):
        service = _start(folder, environment(**{"PORT": str(free_port())} | settings))
        try:
            if _answers(service):
                yield service
                return
            said = service.output.read_text() + (folder / "stderr").read_text()
            assert "in use" in said, said  # another program may take the port first
            assert attempt < ATTEMPTS, said
        finally:
            with suppress(ProcessLookupError):  # as it should be, after a stop
                service.kill()
            service.process.wait()


def _start(folder: Path, env: dict[str, str]) -> Service:
    command, output = [sys.executable, "-m", "app", "serve"], folder / "stdout"
    with output.open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=stdout, stderr=stderr, start_new_session=True
        )
    return Service(process, f"http://127.0.0.1:{env['PORT']}", output)


def _answers(service: Service) -> bool:
    """Wait until it answers; False if it ends before."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    with httpx2.Client() as client:
        while service.process.poll() is None:
            try:
                client.get(f"{service.url}/health/live")
            except httpx2.TransportError:
                assert time.monotonic() < deadline, "the service does not answer"
                time.sleep(0.05)
            else:
                return True
    return False
