"""Hypercorn's protocols as they are used here, in this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.run import worker_serve
from hypercorn.config import Config
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.servers.hypercorn_patches import patch_protocols
from tests.processes import until
from tests.server.http2 import HTTP2Connection

pytestmark = pytest.mark.process


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    assert scope["type"] == "http"
    await Response(status_code=413)(scope, receive, send)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a server refuses every request at once."""
    patch_protocols()
    config, over, app = Config(), asyncio.Event(), ASGIWrapper(refuse_any())
    config.bind = "127.0.0.1:0"
    config.errorlog = None
    sockets = config.create_sockets()
    serving = asyncio.create_task(
        worker_serve(app, config, sockets=sockets, shutdown_trigger=over.wait)
    )
    port = sockets.insecure_sockets[0].getsockname()[1]
    await until(lambda: listens(port))
    yield port
    over.set()
    await serving


def refuse_any() -> Any:
    """The app, whose scopes hypercorn has types of its own for."""
    return refuse


async def test_a_refused_body_and_a_malformed_request_leave_the_others_alone(port: int) -> None:
    def talk() -> list[str]:
        with HTTP2Connection(f"http://127.0.0.1:{port}") as connection:
            streams = [
                connection.request("POST", "/", b"x" * 300_000),
                connection.request("GET", "/caf\xe9"),
                connection.request("GET", "/"),
            ]
            return [connection.answer(stream) for stream in streams]

    assert await asyncio.to_thread(talk) == ["413", "reset", "413"]


async def test_an_upgrade_to_http_2_is_ignored(port: int) -> None:
    def talk() -> bytes:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nHost: here\r\nUpgrade: h2c\r\n\r\n")
            return client.recv(12)

    assert await asyncio.to_thread(talk) == b"HTTP/1.1 413"
