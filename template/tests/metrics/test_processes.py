"""Several processes are counted as one service."""

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
from prometheus_client.mmap_dict import MmapedDict, mmap_key

from app.observability.metrics import folder
from tests.metrics.scrape import Samples, parse
from tests.processes import environment, eventually, has_ended, serving

pytestmark = pytest.mark.process

NEVER_THE_SAME_CONNECTION = {"Connection": "close"}
LIVE = {"method": "GET", "route": "/health/live", "status": "200"}


def read(url: str) -> Samples:
    return parse(httpx2.get(f"{url}/metrics").text)


def children(pid: int) -> list[psutil.Process]:
    """The processes that serve: those that have counted something."""
    return [child for child in psutil.Process(pid).children(recursive=True) if has_counted(child)]


def has_counted(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return any(f"counter_{process.pid}.db" in file.path for file in process.memory_maps())
    return False


def test_two_processes_share_their_counts_and_a_dead_ones_stay(tmp_path: Path) -> None:
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
    assert not list(folder._base().glob(f"{service.process.pid}-*"))


def test_what_the_dead_have_counted_is_kept_in_one_file(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    key = mmap_key("m", "m_total", [], [], "text")
    for kind in ("counter", "gauge_livesum"):
        for pid in (dead.pid, os.getpid()):
            values = MmapedDict(str(tmp_path / f"{kind}_{pid}.db"))
            values.write_value(key, 3.0, 0.0)
            values.close()

    folder.bury(tmp_path)
    folder.bury(tmp_path)

    files = {file.name for file in tmp_path.iterdir()}
    assert files == {"counter_0.db", f"counter_{os.getpid()}.db", f"gauge_livesum_{os.getpid()}.db"}
    [(_, value, _, _)] = MmapedDict.read_all_values_from_file(str(tmp_path / "counter_0.db"))
    assert value == 3.0


def test_one_process_needs_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(folder.VARIABLE, raising=False)

    assert folder.share_with(folder.supervisor()) is None


def test_a_folder_whose_owner_is_gone_is_dropped(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(folder, "MEMORY", tmp_path)
    monkeypatch.setenv(folder.VARIABLE, "")  # what will be set is undone after the test
    stale = folder._make_base() / f"{os.getpid()}-1.00"
    stale.mkdir()

    made = folder.share_with(os.getpid())

    assert made is not None
    assert made.is_dir()
    assert not stale.exists()


def test_only_the_children_of_a_server_share() -> None:
    code = "import os; os.environ['SERVER_SOFTWARE'] = 'gunicorn/27.0'; "
    code += "from app.observability.metrics.folder import supervisor; print(supervisor())"

    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, check=True
    )

    assert int(done.stdout) == os.getpid()
    assert multiprocessing.parent_process() is None
    assert folder.supervisor() is None


def test_what_nobody_has_counted_yet_is_described_by_several_processes_too(tmp_path: Path) -> None:
    code = "from app.observability.metrics import series; print(series.expose().decode())"

    described = []
    for settings in ({}, {folder.VARIABLE: str(tmp_path)}):
        command = [sys.executable, "-c", code]
        text = subprocess.check_output(command, env=environment(**settings), text=True)
        described.append({line for line in text.splitlines() if line.startswith("#")})

    assert "# TYPE http_requests_total counter" in described[0]
    assert described[1] == described[0]
