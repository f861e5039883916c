"""Graceful shutdown: what happens between SIGTERM and the end of the server."""

import asyncio
import os
import signal
from collections.abc import Generator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.servers.shutdown import GracefulShutdown, graceful_shutdown, is_draining, on_shutdown
from tests.processes import until


@pytest.fixture
def stopped() -> Generator[asyncio.Event]:
    """Set when the server's own handler has run."""
    stopped = asyncio.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    yield stopped
    signal.signal(signal.SIGTERM, before)


async def test_the_server_is_stopped_when_the_drain_is_over(stopped: asyncio.Event) -> None:
    async with graceful_shutdown(0.1):
        os.kill(os.getpid(), signal.SIGTERM)

        assert is_draining()
        assert not stopped.is_set()
        await asyncio.wait_for(stopped.wait(), 20)

    assert not is_draining()


async def test_shutdown_callbacks_run_before_the_server_is_stopped(stopped: asyncio.Event) -> None:
    called = asyncio.Event()
    async with graceful_shutdown(0.1):
        with on_shutdown(called.set):
            os.kill(os.getpid(), signal.SIGTERM)

            await asyncio.wait_for(called.wait(), 20)

            assert not stopped.is_set()
            await asyncio.wait_for(stopped.wait(), 20)


async def test_a_signal_that_came_before_the_start_is_not_lost() -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stopped.set)  # as some servers do
    before = signal.getsignal(signal.SIGTERM)

    os.kill(os.getpid(), signal.SIGTERM)
    async with graceful_shutdown(60):
        await asyncio.wait_for(stopped.wait(), 20)

    signal.signal(signal.SIGTERM, before)
    loop.remove_signal_handler(signal.SIGTERM)


async def test_a_second_signal_stops_the_server_at_once(stopped: asyncio.Event) -> None:
    async with graceful_shutdown(60):
        os.kill(os.getpid(), signal.SIGTERM)
        assert not stopped.is_set()

        os.kill(os.getpid(), signal.SIGTERM)

        assert stopped.is_set()


async def test_nothing_happens_after_the_end(stopped: asyncio.Event) -> None:
    async with graceful_shutdown(60):
        drain = signal.getsignal(signal.SIGTERM)
        assert isinstance(drain, GracefulShutdown)
        os.kill(os.getpid(), signal.SIGTERM)
        await until(lambda: drain.timer)

    assert drain.timer is not None
    assert drain.timer.cancelled()
    assert not stopped.is_set()


async def test_during_the_drain_requests_are_served_and_connections_closed(
    anonymous: AsyncClient, stopped: asyncio.Event
) -> None:
    async with graceful_shutdown(60):
        os.kill(os.getpid(), signal.SIGTERM)

        ready, health = await anonymous.get("/health/ready"), await anonymous.get("/health")

    assert (ready.status_code, ready.json()["status"]) == (503, "not_ready")
    assert (health.status_code, health.headers["connection"]) == (200, "close")
    assert "connection" not in (await anonymous.get("/health")).headers


async def test_http_2_answers_have_no_connection_header(
    app: FastAPI, stopped: asyncio.Event
) -> None:
    sent: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "http", "http_version": "2", "method": "GET", "path": "/health"}
    async with graceful_shutdown(60):
        os.kill(os.getpid(), signal.SIGTERM)

        await app(scope | {"headers": [], "query_string": b""}, asyncio.Queue().get, sent.put)

    start = await sent.get()
    assert start["status"] == 200
    assert b"connection" not in {name.lower() for name, _ in start["headers"]}


async def test_the_servers_handler_is_restored(stopped: asyncio.Event) -> None:
    handler = signal.getsignal(signal.SIGTERM)

    async with graceful_shutdown(1):
        assert signal.getsignal(signal.SIGTERM) is not handler

    assert signal.getsignal(signal.SIGTERM) is handler


async def test_a_handler_of_the_event_loop_is_delayed_too() -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    try:
        async with graceful_shutdown(1):
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(0.02)
            assert not stopped.is_set()
            await asyncio.wait_for(stopped.wait(), 20)
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
