"""The start of the service, and what prevents it."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import psutil
import pytest

from app.cli import main
from tests.databases import lost
from tests.processes import Service, environment, eventually, has_ended
from tests.server.service import answering, serving_more, wait_for_processes

pytestmark = pytest.mark.process

SERVE = [sys.executable, "-m", "app", "serve"]


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_bad_setting_ends_it_and_is_named_last(tmp_path: Path, processes: str) -> None:
    env = environment(CORS_ORIGINS="*", WEB_CONCURRENCY=processes)

    done = subprocess.run(
        SERVE, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("app: CORS_ORIGINS: ")


def test_a_port_in_use_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("PORT", str(taken.getsockname()[1]))

        assert main(["serve"]) == 2

    assert "PORT" in capfd.readouterr().err.splitlines()[-1]


def clients(service: Service) -> set[str]:
    """The clients' addresses in its log."""
    return {line["client"] for line in service.lines() if line["event"] == "request"}


@pytest.mark.parametrize("processes", ["1", "2"])
@pytest.mark.parametrize("host", ["[::]", "0:0:0:0:0:0:0:0"])
def test_it_serves_ipv6_and_ipv4_on_one_port(tmp_path: Path, host: str, processes: str) -> None:
    with serving_more(tmp_path, HOST=host, WEB_CONCURRENCY=processes) as service:
        port = service.url.rpartition(":")[2]

        for own in ("127.0.0.1", "[::1]"):
            assert httpx2.get(f"http://{own}:{port}/nothing").status_code == 404

        eventually(lambda: clients(service) == {"127.0.0.1", "::1"})


def test_several_processes_start_without_their_database(tmp_path: Path) -> None:
    with serving_more(tmp_path, WEB_CONCURRENCY="2", DATABASE_URL=lost(tmp_path)) as service:
        live = httpx2.get(f"{service.url}/health/live")
        ready = httpx2.get(f"{service.url}/health/ready", timeout=30)

        assert (live.status_code, ready.status_code) == (200, 503)


def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    with serving_more(tmp_path, WEB_CONCURRENCY="2") as service:
        killed, other = wait_for_processes(service, 2)

        os.kill(killed, signal.SIGKILL)
        eventually(lambda: has_ended(killed))
        assert answering(service) != killed
        replaced = wait_for_processes(service, 2)

        assert killed not in replaced
        assert other in replaced
        assert psutil.pid_exists(other)
        service.stop()
        assert service.process.wait(30) == 0


def test_headers_and_bodies_that_are_too_large_are_refused(tmp_path: Path) -> None:
    with serving_more(tmp_path) as service:
        url = f"{service.url}/api/v1/specimens"
        json = {"Content-Type": "application/json"}

        large = httpx2.get(url, headers={"X-Large": "x" * 1024 * 1024})
        body = httpx2.post(url, content=b"[" * 2 * 1024 * 1024, headers=json)
        streamed = httpx2.post(url, content=iter([b"[" * 65536] * 32), headers=json)
        usual = httpx2.get(f"{service.url}/health/live", headers={"X-Usual": "x" * 30_000})

        assert large.status_code == 431
        assert {body.status_code, streamed.status_code} <= {401, 413}
        assert usual.status_code == 200
