"""Apps behind a real server, and clients that talk to them over real sockets."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.http11 import Response

from tests.processes import TIMEOUT_SECONDS

WS = "/api/v1/ws"


class Server(uvicorn.Server):
    """Serves an app whose lifespan is already running, without signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        """Capture none."""
        yield


@asynccontextmanager
async def listening(app: FastAPI) -> AsyncGenerator[str]:
    """Serve a running app on a free port; yield the URL of its WebSocket."""
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="off")
    server = Server(config)
    serving = asyncio.create_task(server.serve())
    await eventually(lambda: server.started)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"ws://127.0.0.1:{port}{WS}"
    finally:
        server.should_exit = True
        await asyncio.wait_for(serving, TIMEOUT_SECONDS)


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until a condition is true."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not condition():  # noqa: ASYNC110  (no event to wait for)
            await asyncio.sleep(0.005)


class Client:
    """A connected client that has received its `welcome`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: dict[str, Any] = {}

    async def receive(self) -> dict[str, Any]:
        """Return the next frame."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), TIMEOUT_SECONDS))

    async def send(self, **frame: Any) -> None:
        """Send a frame."""
        await self.socket.send(json.dumps(frame))

    async def ask(self, **frame: Any) -> dict[str, Any]:
        """Send a frame, and return the next one received."""
        await self.send(**frame)
        return await self.receive()

    async def subscribe(self, channel: str) -> None:
        """Subscribe to a channel."""
        answer = await self.ask(type="subscribe", channel=channel)
        assert answer == {"type": "subscribed", "channel": channel}

    async def publish(self, channel: str, data: Any) -> None:
        """Publish in a channel."""
        await self.send(type="publish", channel=channel, data=data)

    async def waiting(self) -> list[dict[str, Any]]:
        """Return the frames received so far: those before the answer to a ping."""
        await self.send(type="ping")
        frames = []
        while (frame := await self.receive())["type"] != "pong":
            frames.append(frame)
        return frames

    async def closed(self) -> tuple[int | None, str | None]:
        """Read until the server closes. Return the close code and the reason."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(TIMEOUT_SECONDS):
                while True:
                    await self.socket.recv()
        return self.socket.close_code, self.socket.close_reason


@asynccontextmanager
async def connected(
    url: str, headers: Mapping[str, str] | None = None, **options: Any
) -> AsyncGenerator[Client]:
    """Connect, and receive the `welcome`."""
    async with connect(url, additional_headers=headers, proxy=None, **options) as socket:
        client = Client(socket)
        client.welcome = await client.receive()
        yield client


async def refusal(
    url: str, headers: Mapping[str, str] | None = None, **options: Any
) -> tuple[Response, dict[str, Any]]:
    """Return the response of a refused handshake, and the problem in its body."""
    try:
        async with connect(url, additional_headers=headers, proxy=None, **options):
            raise AssertionError("the connection was accepted")
    except InvalidStatus as error:
        return error.response, json.loads(error.response.body)
