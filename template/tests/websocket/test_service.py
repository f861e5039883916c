"""The service as it is deployed: its log, and its shutdown."""

import asyncio
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed

from app.servers.shutdown import graceful_shutdown, run_shutdown_callbacks
from tests.processes import Service, serving
from tests.websocket.clients import WS, connected, refusal
from tests.websocket.conftest import Join, Listen

pytestmark = pytest.mark.process

MAX_BYTES = 4096


async def test_a_service_closes_its_connections_logs_them_and_exits(
    tmp_path: Path, headers: dict[str, str]
) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")
    settings = {"LOG_LEVEL": "debug", "WEBSOCKET_MAX_FRAME_BYTES": str(MAX_BYTES)}

    with serving(tmp_path, **settings) as service:
        url = websocket_url(service)
        async with (
            connected(url, headers | {"X-Request-ID": "open-7"}) as first,
            connected(f"{url}?token={token}", subprotocols=["bearer", token]) as second,
        ):
            await refusal(url, {"X-Request-ID": "shut-7"}, subprotocols=["bearer", f"{token}x"])
            with suppress(ConnectionClosed):
                await second.socket.send("x" * (MAX_BYTES + 1))
            assert (await second.closed())[0] == 1009
            service.stop()
            code, _ = await first.closed()
            status = await asyncio.to_thread(service.process.wait, 20)

    assert (code, status) == (1012, 0)
    check_log(service, token, first.welcome["user_id"])


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_after_the_drain_connections_are_closed_for_a_restart(
    tmp_path: Path, headers: dict[str, str], processes: str
) -> None:
    settings = {"WEB_CONCURRENCY": processes, "SHUTDOWN_DRAIN_SECONDS": "0.5"}

    with serving(tmp_path, **settings) as service:
        async with connected(websocket_url(service), headers) as client:
            service.stop()
            code, _ = await client.closed()
            status = await asyncio.to_thread(service.process.wait, 30)

    assert (code, status) == (1012, 0)


async def test_the_shutdown_callback_closes_connections(join: Join) -> None:
    client = await join()

    run_shutdown_callbacks()

    assert await client.closed() == (1012, "service restart")


async def test_an_app_that_stops_closes_what_its_server_has_left_open(
    app: FastAPI, listen: Listen, headers: dict[str, str]
) -> None:
    from app.main import create_app

    stopping = create_app()
    async with AsyncExitStack() as clients:
        async with stopping.router.lifespan_context(stopping):
            url = await listen(stopping)
            client = await clients.enter_async_context(connected(url, headers))

        assert await client.closed() == (1001, "shutting down")


@pytest.fixture
async def draining() -> AsyncGenerator[None]:
    """The time between SIGTERM and shutdown."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    async with graceful_shutdown(60):
        os.kill(os.getpid(), signal.SIGTERM)
        yield
    signal.signal(signal.SIGTERM, before)


async def test_a_draining_server_refuses_new_connections(
    url: str, headers: dict[str, str], draining: None
) -> None:
    answer, problem = await refusal(url, headers)

    assert (answer.status_code, problem["code"]) == (503, "shutting_down")
    assert answer.headers["retry-after"] == "1"


def websocket_url(service: Service) -> str:
    """Return the URL of a service's WebSocket."""
    return f"{service.url.replace('http', 'ws')}{WS}"


def check_log(service: Service, token: str, user_id: str) -> None:
    """Check that the log has each connection and refusal, and no token."""
    lines = service.lines()
    [opened, closed] = [line for line in lines if line.get("request_id") == "open-7"]
    [refused] = [line for line in lines if line.get("request_id") == "shut-7"]

    assert (opened["event"], opened["path"]) == ("websocket_opened", WS)
    assert (closed["event"], closed["code"]) == ("websocket_closed", 1012)
    assert opened["user_id"] == closed["user_id"] == user_id
    assert closed["duration_ms"] > 0
    assert (refused["event"], refused["route"], refused["status"]) == ("request", WS, 401)
    written = service.output.read_text() + service.output.with_name("stderr").read_text()
    assert token not in written
    assert token.split(".")[1] not in written
    assert "token=" not in written
