"""Serving in the process of the tests, for tracebacks and coverage."""

import os
import signal
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from app.cli import main
from app.main import create_app
from tests.databases import free_port
from tests.processes import eventually

pytestmark = pytest.mark.process


@pytest.fixture(autouse=True)
def signals() -> Generator[None]:
    """Restore the signal handlers after the server."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def answers(url: str) -> bool:
    """Whether the service answers."""
    try:
        return httpx2.get(url, timeout=20).status_code == 200
    except httpx2.TransportError:
        return False


def test_it_serves_until_sigterm(monkeypatch: pytest.MonkeyPatch) -> None:
    port = free_port()
    monkeypatch.setenv("PORT", str(port))
    monkeypatch.setenv("SHUTDOWN_DRAIN_SECONDS", "0.1")
    monkeypatch.setattr("app.main.app", create_app())  # that of the other tests is running

    def visit() -> None:
        try:
            eventually(lambda: answers(f"http://127.0.0.1:{port}/health/live"), seconds=60)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    with ThreadPoolExecutor(1) as thread:
        visiting = thread.submit(visit)

        assert main(["serve"]) == 0

    visiting.result()
