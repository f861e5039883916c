"""A worker in a process of its own, as in production."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.processes import TIMEOUT_SECONDS, environment

LEASE_SECONDS = 5
SHORT_TIMES = {
    "JOB_LEASE_SECONDS": str(LEASE_SECONDS),
    "JOB_SWEEP_SECONDS": "0.3",
    "JOB_PATIENCE_SECONDS": "1",
    "JOB_RETRY_SECONDS": "0.05",
}


@dataclass(frozen=True, slots=True)
class Worker:
    """A running `celery worker --beat`."""

    process: subprocess.Popen[bytes]
    output: Path

    def lines(self) -> list[dict[str, Any]]:
        """The JSON lines on its stdout. The last one may be incomplete."""
        complete, _, _ = self.output.read_text().rpartition("\n")
        return [json.loads(line) for line in complete.splitlines()]

    def events(self) -> list[str]:
        """The events of its log."""
        return [line["event"] for line in self.lines()]

    def kill(self) -> None:
        """Kill it and its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running_worker(
    folder: Path, redis_url: str, app: str = "tests.workers.celery_app", **settings: str
) -> Generator[Worker]:
    """Run a worker in `folder`, which has no `.env`; stop it afterwards."""
    folder.mkdir(parents=True, exist_ok=True)
    output = folder / "stdout"
    options = ["worker", "--beat", "--concurrency", "2", "--without-mingle", "--without-gossip"]
    with output.open("wb") as stdout, (folder / "stderr").open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", app, *options],
            cwd=folder,
            env=environment(**{"REDIS_URL": redis_url} | SHORT_TIMES | settings),
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    worker = Worker(process, output)
    try:
        _wait(worker)
        yield worker
        process.terminate()
        process.wait(TIMEOUT_SECONDS)
    finally:
        worker.kill()


def _wait(worker: Worker) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not any(event.endswith(" ready.") for event in worker.events()):
        error = worker.output.with_name("stderr").read_text()
        assert worker.process.poll() is None, error
        assert time.monotonic() < deadline, error
        time.sleep(0.05)
