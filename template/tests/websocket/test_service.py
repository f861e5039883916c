"""The service as it is deployed: its log, and its end."""

import asyncio
from collections.abc import Generator
from contextlib import AsyncExitStack, suppress
from pathlib import Path

import pytest
from fastapi import FastAPI
from websockets.exceptions import ConnectionClosed

from tests.processes import Service, serving
from tests.websocket.clients import WS, connected, refusal
from tests.websocket.conftest import Listen

pytestmark = pytest.mark.process

MAX_BYTES = 4096


@pytest.fixture
def service(tmp_path: Path) -> Generator[Service]:
    """A running service, which tells everything it has to tell."""
    settings = {"LOG_LEVEL": "debug", "WEBSOCKET_MAX_FRAME_BYTES": str(MAX_BYTES)}
    with serving(tmp_path, **settings) as service:
        yield service


async def test_a_service_closes_its_connections_and_exits(
    service: Service, headers: dict[str, str]
) -> None:
    url = f"{service.url.replace('http', 'ws')}{WS}"
    token = headers["Authorization"].removeprefix("Bearer ")

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

    assert code in {1001, 1012}
    assert status == 0
    check_log(service, token, first.welcome["user_id"])


async def test_an_app_that_ends_closes_what_its_server_has_left_open(
    app: FastAPI, listen: Listen, headers: dict[str, str]
) -> None:
    from app.main import create_app

    ending = create_app()
    async with AsyncExitStack() as clients:
        async with ending.router.lifespan_context(ending):
            url = await listen(ending)
            client = await clients.enter_async_context(connected(url, headers))

        assert await client.closed() == (1001, "shutting down")


def check_log(service: Service, token: str, user_id: str) -> None:
    """What it has written says who came and went, and nothing that opens a door."""
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
