"""The processes of a server share their metrics."""

import multiprocessing
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from app.observability.metrics import multiprocess
from tests.metrics.scrape import Samples, parse
from tests.processes import environment, eventually, has_ended, serving

pytestmark = pytest.mark.process

NEVER_THE_SAME_CONNECTION = {"Connection": "close"}
LIVE = {"method": "GET", "route": "/health/live", "status": "200"}


def read(url: str) -> Samples:
    return parse(httpx2.get(f"{url}/metrics").text)


def children(pid: int) -> list[psutil.Process]:
    """The server processes: those that have counted a request."""
    return [child for child in psutil.Process(pid).children(recursive=True) if has_counted(child)]


def has_counted(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(f"counter_{process.pid}.db" in file.path for file in process.memory_maps())
    return False


def test_two_processes_share_counters_and_those_of_a_killed_one_stay(tmp_path: Path) -> None:
    settings = {"WEB_CONCURRENCY": "2", "RATE_LIMIT_ENABLED": "false"}
    with serving(tmp_path, **settings) as service:
        eventually(lambda: len(children(service.process.pid)) == 2)
        before = read(service.url)
        with (
            httpx2.Client(base_url=service.url, headers=NEVER_THE_SAME_CONNECTION) as client,
            ThreadPoolExecutor(4) as pool,
        ):
            list(pool.map(client.get, ["/health/live"] * 200))
        after = read(service.url)
        child = children(service.process.pid)[0]
        os.kill(child.pid, signal.SIGKILL)
        eventually(lambda: has_ended(child.pid))
        with httpx2.Client(transport=httpx2.HTTPTransport(retries=3)) as client:
            later = parse(client.get(f"{service.url}/metrics").text)
        eventually(lambda: len(children(service.process.pid)) == 2)  # it is replaced
        service.stop()
        assert service.process.wait(20) == 0

    requests = "http_requests_total"
    assert after.value(requests, **LIVE) - before.value(requests, **LIVE) == 200
    assert later.value(requests, **LIVE) == after.value(requests, **LIVE)


def test_only_the_gauges_of_ended_processes_are_removed(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    kinds = ("counter", "gauge_livesum", "histogram")
    files = {tmp_path / f"{kind}_{pid}.db" for kind in kinds for pid in (ended.pid, os.getpid())}
    for file in files:
        file.touch()

    multiprocess.remove_dead_gauges(tmp_path)

    assert files - set(tmp_path.iterdir()) == {tmp_path / f"gauge_livesum_{ended.pid}.db"}


def test_a_single_process_needs_no_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(multiprocess.DIRECTORY_VARIABLE, raising=False)

    multiprocess.use_directory(multiprocess.supervisor_pid())

    assert multiprocess.DIRECTORY_VARIABLE not in os.environ


def test_the_directory_of_a_server_that_has_ended_is_deleted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(multiprocess, "SHARED_MEMORY", tmp_path)
    monkeypatch.setenv(
        multiprocess.DIRECTORY_VARIABLE, ""
    )  # what will be set is undone after the test
    stale = multiprocess._base_directory() / f"{os.getpid()}-1.00"
    stale.mkdir()

    multiprocess.use_directory(os.getpid())

    assert Path(os.environ[multiprocess.DIRECTORY_VARIABLE]).parent == stale.parent
    assert not stale.exists()


def test_only_child_processes_of_a_server_have_a_supervisor() -> None:
    code = "import os; os.environ['SERVER_SOFTWARE'] = 'gunicorn/27.0'; "
    code += "from app.observability.metrics.multiprocess import supervisor_pid as pid; print(pid())"

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )

    assert int(done.stdout) == os.getpid()
    assert multiprocessing.parent_process() is None
    assert multiprocess.supervisor_pid() is None


def test_metrics_without_values_are_described_by_several_processes_too(tmp_path: Path) -> None:
    code = "import app.observability.metrics.middleware; from app.core.metrics import record_with; "
    code += "from app.observability.metrics.definitions import define, render; "
    code += "record_with(define); print(render().decode())"

    described = []
    for settings in ({}, {multiprocess.DIRECTORY_VARIABLE: str(tmp_path)}):
        command = [sys.executable, "-c", code]
        text = subprocess.check_output(command, env=environment(**settings), text=True)
        described.append({line for line in text.splitlines() if line.startswith("#")})

    assert "# TYPE http_requests_total counter" in described[0]
    assert described[1] == described[0]
