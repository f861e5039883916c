"""`python -m app` in a process of its own: start, drain, stop, and migrations at once."""

import socket
import subprocess
import sys
from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path

import httpx2
import pytest

from app.cli import main
from app.db.session import Database
from tests.blueprint.factories import SPECIMENS
from tests.databases import empty_database, lost
from tests.processes import Service, environment, eventually, serving
from tests.server.service import wait_until_draining

pytestmark = pytest.mark.process
TEAPOT = b'{"name": "Teapot", "price": "24.90"}'


def test_a_bad_setting_ends_any_server(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "uvicorn", "app.main:app"]

    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment(CORS_ORIGINS="*", LOG_LEVEL="my-password"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode != 0
    assert "CORS_ORIGINS" in done.stderr.splitlines()[-1]
    assert "my-password" not in done.stderr + done.stdout


def test_a_service_runs_while_its_database_is_down_and_drains_on_sigterm(
    tmp_path: Path,
) -> None:
    settings = {"DATABASE_URL": lost(tmp_path), "SHUTDOWN_DRAIN_SECONDS": "4"}
    with serving(tmp_path, **settings) as service, httpx2.Client(base_url=service.url) as client:
        before = [client.get(path).status_code for path in ("/health/live", "/health/ready")]
        service.stop()
        ready, health = wait_until_draining(service), client.get("/health")

        assert before == [200, 503]
        assert ready.json()["checks"]["shutdown"]["status"] == "down"
        assert (health.status_code, health.headers["connection"]) == (200, "close")
        assert service.process.wait(30) == 0


def refuses_connections(service: Service) -> bool:
    """Whether a new connection is refused, or not answered."""
    url = httpx2.URL(service.url)
    try:
        socket.create_connection((url.host, url.port or 0), timeout=0.5).close()
    except OSError:
        return True
    return False


def test_a_running_request_is_finished(
    tmp_path: Path, credentials: dict[str, str], database: Database
) -> None:
    with serving(tmp_path, SHUTDOWN_DRAIN_SECONDS="2") as service:

        def slowly() -> Generator[bytes]:
            yield TEAPOT[:9]
            service.stop()
            eventually(lambda: refuses_connections(service))
            yield TEAPOT[9:]

        headers = credentials | {"Content-Type": "application/json"}
        url = f"{service.url}{SPECIMENS}"
        answer = httpx2.post(url, content=slowly(), headers=headers, timeout=30)

        assert answer.status_code == 201
        assert service.process.wait(30) == 0


def test_migrations_may_run_in_parallel_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with empty_database(tmp_path) as url:
        monkeypatch.setenv("DATABASE_URL", url)
        command = [sys.executable, "-c", "from app.db.migrations import upgrade; upgrade()"]

        migrating = [subprocess.Popen(command, cwd=tmp_path, env=environment()) for _ in range(3)]

        assert [process.wait() for process in migrating] == [0, 0, 0]
        assert main(["migrate"]) == 0


def test_all_missing_and_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    bad = {"ENVIRONMENT": "production", "DATABASE_URL": "", "SECRET_KEY": ""}

    done = subprocess.run(
        [sys.executable, "-m", "app", "serve"],
        cwd=tmp_path,
        env=environment(**bad, TRUSTED_HOSTS="https://a.example", PORT="x"),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    named = ["DATABASE_URL: ", "TRUSTED_HOSTS: ", "PORT: "]
    named += ["SECRET_KEY: "] if find_spec("app.auth") else []
    assert [last.count(name) for name in named] == [1] * len(named), last
