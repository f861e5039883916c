"""The image's health check, as the container runs it."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from app.core.config import ROOT
from tests.databases import closed_port, lost
from tests.processes import Service, environment, serving

pytestmark = pytest.mark.process

SCRIPT = ROOT / "deploy" / "docker" / "healthcheck.py"


def check(path: str, port: str, **settings: str) -> int:
    """Run it and return its exit code."""
    command = [sys.executable, str(SCRIPT), path]
    return subprocess.run(
        command, env=environment(PORT=port, **settings), check=False, timeout=60
    ).returncode


def port_of(service: Service) -> str:
    return service.url.rpartition(":")[2]


def test_a_service_that_is_ready_is_healthy_for_one_of_its_own_hosts(tmp_path: Path) -> None:
    hosts = '["*.example.com", "b.example"]'
    with serving(tmp_path, TRUSTED_HOSTS=hosts) as service:
        port = port_of(service)
        codes = [
            check(path, port, TRUSTED_HOSTS=hosts) for path in ("/health/live", "/health/ready")
        ]
        stranger = check("/health/live", port, TRUSTED_HOSTS="")

    assert codes == [0, 0]
    assert stranger == 1


@pytest.mark.parametrize(
    ("hosts", "host"),
    [
        ("", "localhost"),
        ("api.example.com, b.example", "api.example.com"),
        ('["api.example.com"]', "api.example.com"),
        ("*.example.com", "health.example.com"),
    ],
)
def test_lists_are_read_as_the_service_reads_them(
    monkeypatch: pytest.MonkeyPatch, hosts: str, host: str
) -> None:
    monkeypatch.setenv("TRUSTED_HOSTS", hosts)

    assert runpy.run_path(str(SCRIPT))["host"]() == host


def test_a_service_without_its_database_is_alive_but_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, DATABASE_URL=lost(tmp_path)) as service:
        codes = [check(path, port_of(service)) for path in ("/health/live", "/health/ready")]

    assert codes == [0, 1]


def test_without_a_server_the_check_fails() -> None:
    assert check("/health/live", str(closed_port())) == 1
