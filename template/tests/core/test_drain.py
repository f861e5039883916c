"""Going away politely: what happens between SIGTERM and the closed door."""

import asyncio
import os
import signal
from collections.abc import Generator

import pytest
from httpx2 import AsyncClient

from app.core.drain import drain_on_sigterm, draining


@pytest.fixture
def stopped() -> Generator[asyncio.Event]:
    """Set when the server's own handler has run."""
    stopped = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    yield stopped
    signal.signal(signal.SIGTERM, before)


async def test_the_server_is_stopped_when_the_drain_is_over(stopped: asyncio.Event) -> None:
    with drain_on_sigterm(0.1):
        os.kill(os.getpid(), signal.SIGTERM)

        assert draining()
        assert not stopped.is_set()
        await asyncio.wait_for(stopped.wait(), 1)

    assert not draining()


async def test_a_second_request_stops_the_server_at_once(stopped: asyncio.Event) -> None:
    with drain_on_sigterm(60):
        os.kill(os.getpid(), signal.SIGTERM)
        assert not stopped.is_set()

        os.kill(os.getpid(), signal.SIGTERM)

        assert stopped.is_set()


async def test_meanwhile_requests_are_served_and_connections_closed(
    anonymous: AsyncClient, stopped: asyncio.Event
) -> None:
    with drain_on_sigterm(60):
        os.kill(os.getpid(), signal.SIGTERM)

        ready, health = await anonymous.get("/health/ready"), await anonymous.get("/health")

    assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
    assert (health.status_code, health.headers["connection"]) == (200, "close")
    assert "connection" not in (await anonymous.get("/health")).headers


async def test_the_servers_handler_is_put_back(stopped: asyncio.Event) -> None:
    handler = signal.getsignal(signal.SIGTERM)

    with drain_on_sigterm(1):
        assert signal.getsignal(signal.SIGTERM) is not handler

    assert signal.getsignal(signal.SIGTERM) is handler
