"""Graceful shutdown, from SIGTERM to the exit code."""

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.processes import eventually
from tests.server.service import (
    Visitor,
    serving_more,
    wait_for_processes,
    wait_until_draining,
)

pytestmark = pytest.mark.process

DRAIN = {"SHUTDOWN_DRAIN_SECONDS": "1", "SHUTDOWN_GRACE_SECONDS": "10"}


def be_slow(url: str) -> tuple[int, str]:
    """Make a request that takes longer than the drain."""
    answer = httpx2.get(f"{url}/slow/5", timeout=30)
    return answer.status_code, answer.headers.get("connection", "")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_readiness_turns_503_and_running_requests_are_finished(
    tmp_path: Path, processes: str
) -> None:
    settings = {"WEB_CONCURRENCY": processes} | DRAIN | {"SHUTDOWN_DRAIN_SECONDS": "3"}
    with serving_more(tmp_path, **settings) as service, ThreadPoolExecutor(1) as thread:
        wait_for_processes(service, int(processes))
        slow = thread.submit(be_slow, service.url)
        eventually((tmp_path / "slow").exists)

        service.stop()
        ready = wait_until_draining(service)

        assert (ready.status_code, ready.headers["connection"]) == (503, "close")
        assert slow.result() == (200, "close")
        assert service.process.wait(30) == 0
        assert (tmp_path / "stderr").read_text() == ""
        assert all({"timestamp", "level", "event"} <= line.keys() for line in service.lines())
        assert not [line for line in service.lines() if "exception" in line]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_clients_that_follow_readiness_lose_nothing_by_a_restart(
    tmp_path: Path, processes: str
) -> None:
    settings = {"WEB_CONCURRENCY": processes, **DRAIN}
    with serving_more(tmp_path / "before", **settings) as service:
        url = f"{service.url}/slow/0.01"
        visitors = [Visitor(url), *(Visitor(url, Connection="close") for _ in range(2))]
        visitors.append(Visitor(url, follows_readiness=False, Connection="close"))
        for visitor in visitors:
            visitor.start()
        wait_for_processes(service, int(processes))
        eventually(lambda: all(visitor.seen["200"] for visitor in visitors))
        service.stop()
        assert service.process.wait(30) == 0
        before = [max(visitor.seen["200"], 10) for visitor in visitors]
        with serving_more(tmp_path / "after", PORT=str(httpx2.URL(service.url).port), **settings):
            for visitor, number in zip(visitors, before, strict=True):
                eventually(lambda v=visitor, n=number: v.seen["200"] > n)
            seen = [visitor.stop() for visitor in visitors]

    assert all(counter["200"] > 10 for counter in seen)
    assert [set(counter) for counter in seen[:3]] == [{"200"}] * 3
    assert set(seen[3]) <= {"200", "refused", "no answer"}


@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_stops_without_a_drain(tmp_path: Path, processes: str) -> None:
    with serving_more(tmp_path, WEB_CONCURRENCY=processes, SHUTDOWN_DRAIN_SECONDS="60") as service:
        wait_for_processes(service, int(processes))
        os.killpg(service.process.pid, signal.SIGINT)  # as a terminal does

        assert service.process.wait(30) == 0
        assert "Traceback" not in (tmp_path / "stderr").read_text()
