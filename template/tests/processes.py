"""The service in a process of its own, as it is deployed."""

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

from app.core.project import ROOT
from tests.databases import free_port


def eventually(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that others do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def has_ended(pid: int) -> bool:
    """Whether a process has let go of its sockets. Its parent may not have noticed yet."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    return True


@dataclass(frozen=True, slots=True)
class Service:
    """A running `python -m app serve`."""

    process: subprocess.Popen[bytes]
    url: str
    output: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has written to stdout: JSON, line by line."""
        return [json.loads(line) for line in self.output.read_text().splitlines()]

    def stop(self) -> None:
        """Ask it to stop, and do not wait."""
        self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Let all of its processes end at once, without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)


def environment(**settings: str) -> dict[str, str]:
    """Our environment with some settings changed, for a process in any folder."""
    return os.environ | {"PYTHONPATH": str(ROOT)} | settings


@contextmanager
def serving(folder: Path, **settings: str) -> Generator[Service]:
    """Run the service in `folder`, where no `.env` is, until it answers; kill it afterwards."""
    port, output = settings.pop("PORT", str(free_port())), folder / "stdout"
    command = [sys.executable, "-m", "app", "serve"]
    env = environment(PORT=port, **settings)
    with output.open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=stdout, stderr=stderr, start_new_session=True
        )
    try:
        service = Service(process, f"http://127.0.0.1:{port}", output)
        _wait(service)
        yield service
    finally:
        with suppress(ProcessLookupError):  # as it should be, after a stop
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _wait(service: Service) -> None:
    with httpx2.Client() as client:
        for _ in range(1200):
            try:
                client.get(f"{service.url}/health/live")
            except httpx2.TransportError:
                assert service.process.poll() is None, service.output.with_name(
                    "stderr"
                ).read_text()
                time.sleep(0.05)
            else:
                return
    raise TimeoutError("the service does not answer")
