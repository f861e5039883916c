"""What a client may ask of the service, and of the other clients."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.asyncio.client import connect

from app.websocket.allowance import Allowance
from tests.auth.factories import bearer, make_user
from tests.conftest import MakeApp
from tests.websocket.clients import Client, connected, eventually
from tests.websocket.conftest import Join, Listen

FRAME_BYTES = 64 * 1024


def frame_of(size: int) -> str:
    """A frame of so many bytes, half of them in characters of two."""
    head, tail = '{"type": "publish", "channel": "big", "data": "', '"}'
    rest = size - len(head) - len(tail)
    return head + "é" * (rest // 2) + "x" * (rest % 2) + tail


async def test_a_frame_may_be_as_large_as_the_limit(join: Join) -> None:
    client = await join()

    await client.socket.send(frame_of(FRAME_BYTES))

    assert await client.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("binary", [False, True])
async def test_a_larger_frame_ends_the_connection(join: Join, binary: bool) -> None:
    client, other = await join(), await join()
    await other.subscribe("big")

    frame = frame_of(FRAME_BYTES + 1)
    await client.socket.send(frame.encode() if binary else frame)

    assert (await client.closed())[0] == 1009
    assert await other.waiting() == []


async def test_who_sends_too_much_is_cut_off_and_others_are_not(join: Join) -> None:
    client, other = await join(), await join()
    await other.subscribe("lobby")

    for number in range(100):
        await client.publish("lobby", number)
    code, _ = await client.closed()
    heard = [frame["data"] for frame in await other.waiting()]

    assert code == 1008
    assert heard == list(range(len(heard)))
    assert 20 <= len(heard) < 40


async def test_bad_frames_and_pings_count_too(join: Join) -> None:
    client = await join()

    for _ in range(50):
        await client.socket.send("nonsense")
        await client.send(type="ping")

    assert (await client.closed())[0] == 1008


def test_an_allowance_comes_back_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    allowance = Allowance(20)

    at_once = [allowance.take() for _ in range(25)]
    clock += 0.5
    later = [allowance.take() for _ in range(15)]
    clock += 3600
    much_later = [allowance.take() for _ in range(25)]

    assert (sum(at_once), sum(later), sum(much_later)) == (20, 10, 20)


async def test_channels_are_limited(make_app: MakeApp, listen: Listen, join: Join) -> None:
    url = await listen(await make_app(WEBSOCKET_CHANNELS_PER_CONNECTION="2"))
    client = await join(at=url)
    await client.subscribe("a")
    await client.subscribe("b")

    refused = await client.ask(type="subscribe", channel="c")
    await client.subscribe("b")
    await client.ask(type="unsubscribe", channel="a")
    await client.subscribe("c")

    assert (refused["type"], refused["code"]) == ("error", "too_many_channels")


@asynccontextmanager
async def deaf(url: str, headers: dict[str, str], channel: str) -> AsyncGenerator[Client]:
    """Subscribe and then read nothing any more, as if the machine were gone."""
    host, port = url.split("/")[2].split(":")
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, (host, int(port)))
    options: dict[str, Any] = {"proxy": None, "max_queue": 1, "compression": None}
    async with connect(url, sock=narrow, additional_headers=headers, **options) as open_socket:
        client = Client(open_socket)
        await client.receive()
        await client.subscribe(channel)
        open_socket.transport.pause_reading()
        yield client
        open_socket.transport.abort()


@pytest.mark.parametrize(
    "settings",
    [
        {"WEBSOCKET_QUEUE_SIZE": "8", "WEBSOCKET_SEND_SECONDS": "60"},
        {"WEBSOCKET_SEND_SECONDS": "0.3"},
    ],
    ids=["too much waits", "it waits too long"],
)
async def test_who_does_not_read_delays_nobody_and_is_dropped(
    make_app: MakeApp, listen: Listen, session: AsyncSession, settings: dict[str, str]
) -> None:
    app: FastAPI = await make_app(WEBSOCKET_MESSAGES_PER_SECOND="10000", **settings)
    url, hub = await listen(app), app.state.websocket
    headers = await bearer(app, session, await make_user(session))

    async with deaf(url, headers, "lobby") as sleeper, connected(url, headers) as client:
        await client.subscribe("lobby")
        [dropped] = [c for c in hub.connections if str(c.id) != client.welcome["connection_id"]]
        for number in range(200):
            await client.publish("lobby", [number, "x" * 60_000])
            assert (await client.receive())["data"][0] == number
            if dropped.ended.done():
                break
        await eventually(lambda: len(hub.connections) == 1)
        sleeper.socket.transport.resume_reading()
        code, _ = await sleeper.closed()

    assert (dropped.ended.result()[0], code) == (1013, 1013)
