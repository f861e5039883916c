"""Two hundred WebSocket clients of two processes."""

import asyncio
from collections.abc import Generator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import psutil
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from tests.auth.factories import bearer, make_user
from tests.processes import Service, serving
from tests.redis.servers import RedisServer
from tests.websocket.clients import WS, Client, connected, eventually

CLIENTS, USERS = 200, 10
PUBLISHERS = "abcd"
MESSAGES = 15  # of each, at once


def connections(service: Service) -> dict[psutil.Process, int]:
    """Return the number of connections of each process that has any."""
    port = int(service.url.rpartition(":")[2])
    found = {
        process: sum(
            one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port
            for one in process.net_connections("tcp")
        )
        for process in psutil.Process(service.process.pid).children(recursive=True)
    }
    return {process: number for process, number in found.items() if number}


@contextmanager
def suspended(process: psutil.Process) -> Generator[None]:
    """Let a process accept no connection, so that the other one does."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def ready(service: Service) -> int:
    """Return how many processes receive the messages of the others."""
    return [line["event"] for line in service.lines()].count("websocket_broadcast_connected")


async def test_each_client_receives_each_message_once(
    app: FastAPI, session: AsyncSession, redis_server: RedisServer, tmp_path: Path
) -> None:
    users = [await bearer(app, session, await make_user(session)) for _ in range(USERS)]
    folder = tmp_path / "service"
    folder.mkdir()

    with serving(folder, WEB_CONCURRENCY="2", REDIS_URL=redis_server.url) as service:
        await eventually(lambda: ready(service) == 2)
        url = f"{service.url.replace('http', 'ws')}{WS}"
        async with AsyncExitStack() as stack:
            joining = [connected(url, users[number % USERS]) for number in range(CLIENTS)]
            half = len(joining) // 2
            crowd = await asyncio.gather(*map(stack.enter_async_context, joining[:half]))
            counts = connections(service)
            with suspended(max(counts, key=lambda process: counts[process])):
                crowd += await asyncio.gather(*map(stack.enter_async_context, joining[half:]))
            spread = connections(service)
            await asyncio.gather(*(client.subscribe("lobby") for client in crowd))
            await asyncio.gather(*map(publish_all, crowd, PUBLISHERS))
            received = await asyncio.gather(*map(receive_all, crowd))

    assert len(spread) == 2
    everything = sorted(f"{name}{number}" for name in PUBLISHERS for number in range(MESSAGES))
    assert all(sorted(messages) == everything for messages in received)


async def publish_all(client: Client, name: str) -> None:
    """Publish some messages."""
    for number in range(MESSAGES):
        await client.publish("lobby", f"{name}{number}")


async def receive_all(client: Client) -> list[str]:
    """Receive the expected messages, and any more that arrive soon after."""
    received = [(await client.receive())["data"] for _ in range(len(PUBLISHERS) * MESSAGES)]
    await asyncio.sleep(0.5)
    return received + [frame["data"] for frame in await client.waiting()]
