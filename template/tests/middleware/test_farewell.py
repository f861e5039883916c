"""What a WebSocket hears when the service stops."""

import asyncio
from typing import Any

from fastapi import WebSocket

from app.core.drain import say_farewell
from tests.conftest import MakeApp

SCOPE: dict[str, Any] = {
    "type": "websocket",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "scheme": "ws",
    "path": "/echo",
    "raw_path": b"/echo",
    "query_string": b"",
    "headers": [(b"host", b"test")],
    "subprotocols": [],
}


async def echo(websocket: WebSocket) -> None:
    """Repeat every message, and try to say goodbye."""
    await websocket.accept()
    async for text in websocket.iter_text():
        await websocket.send_text(text)
    await websocket.send_text("too late")


async def test_it_is_closed_for_a_restart_and_nothing_is_sent_after_that(
    make_app: MakeApp,
) -> None:
    app = await make_app()
    app.add_api_websocket_route("/echo", echo)
    inbox: asyncio.Queue[Any] = asyncio.Queue()
    outbox: asyncio.Queue[Any] = asyncio.Queue()
    serving = asyncio.create_task(app(SCOPE, inbox.get, outbox.put))
    await inbox.put({"type": "websocket.connect"})
    await inbox.put({"type": "websocket.receive", "text": "tea"})
    heard = [(await outbox.get())["type"], (await outbox.get())["text"]]

    say_farewell()
    closed = await asyncio.wait_for(outbox.get(), 20)
    await asyncio.wait_for(serving, 20)

    assert heard == ["websocket.accept", "tea"]
    assert (closed["type"], closed["code"]) == ("websocket.close", 1012)
    assert outbox.empty()
