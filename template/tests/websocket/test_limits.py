"""Limits of frames, messages, channels and queues."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession
from websockets.asyncio.client import connect

from app.websocket.connection import TokenBucket
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


async def test_a_client_that_sends_too_much_is_closed_and_others_are_not(join: Join) -> None:
    client, other = await join(), await join()
    await other.subscribe("lobby")

    for number in range(100):
        await client.publish("lobby", number)
    code, _ = await client.closed()
    received = [frame["data"] for frame in await other.waiting()]

    assert code == 1008
    assert received == list(range(len(received)))
    assert 20 <= len(received) < 40


async def test_bad_frames_and_pings_count_too(join: Join) -> None:
    client = await join()

    for _ in range(50):
        await client.socket.send("nonsense")
        await client.send(type="ping")

    assert (await client.closed())[0] == 1008


def test_a_token_bucket_is_refilled_with_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    bucket = TokenBucket(20)

    at_once = [bucket.take() for _ in range(25)]
    clock += 0.5
    later = [bucket.take() for _ in range(15)]
    clock += 3600
    much_later = [bucket.take() for _ in range(25)]

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
async def unresponsive(url: str, headers: dict[str, str], channel: str) -> AsyncGenerator[Client]:
    """Subscribe, then read nothing any more, like a machine without network."""
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
    ids=["queue full", "send timeout"],
)
async def test_a_client_that_does_not_read_is_closed_and_delays_no_other(
    make_app: MakeApp, listen: Listen, session: AsyncSession, settings: dict[str, str]
) -> None:
    app: FastAPI = await make_app(WEBSOCKET_MESSAGES_PER_SECOND="10000", **settings)
    url, manager = await listen(app), app.state.websocket
    headers = await bearer(app, session, await make_user(session))

    async with unresponsive(url, headers, "lobby") as slow, connected(url, headers) as client:
        await client.subscribe("lobby")
        own_id = client.welcome["connection_id"]
        [dropped] = [one for one in manager.connections if str(one.id) != own_id]
        for number in range(200):
            await client.publish("lobby", [number, "x" * 60_000])
            assert (await client.receive())["data"][0] == number
            if dropped.closed.done():
                break
        await eventually(lambda: len(manager.connections) == 1)
        slow.socket.transport.resume_reading()
        code, _ = await slow.closed()

    assert (dropped.closed.result()[0], code) == (1013, 1013)
