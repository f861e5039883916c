"""Several processes that share Redis, while it is available, unavailable, and back."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import FastAPI
from redis import Redis

from app.websocket import broadcast
from app.websocket.protocol import message
from tests.conftest import MakeApp
from tests.processes import TIMEOUT_SECONDS, until
from tests.redis.servers import RedisServer
from tests.websocket.clients import Client
from tests.websocket.conftest import Join, Listen

pytestmark = pytest.mark.process

CLIENTS = 5


@pytest.fixture
async def apps(make_app: MakeApp, redis_server: RedisServer) -> list[FastAPI]:
    """Two apps that share nothing but Redis."""
    return [await make_app(REDIS_URL=redis_server.url) for _ in range(2)]


@pytest.fixture
async def clients(apps: list[FastAPI], listen: Listen, join: Join) -> list[Client]:
    """One subscriber at each app."""
    clients = []
    for app in apps:
        client = await join(at=await listen(app))
        await client.subscribe("lobby")
        clients.append(client)
    return clients


async def receives(subscriber: Client, publisher: Client) -> bool:
    """Publish a message, and return whether it arrives."""
    data = str(uuid4())
    await publisher.publish("lobby", data)
    await publisher.waiting()
    await asyncio.sleep(0.1)
    return data in {frame.get("data") for frame in await subscriber.waiting()}


async def eventually_receives(subscriber: Client, publisher: Client) -> None:
    """Publish until a message arrives, below the limit of messages a second."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while not await receives(subscriber, publisher):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_each_subscriber_of_each_process_receives_each_message_once(
    apps: list[FastAPI], listen: Listen, join: Join
) -> None:
    urls = [await listen(app) for app in apps]
    subscribers = [await join(at=url) for url in urls for _ in range(CLIENTS)]
    publishers = [await join(at=url) for url in urls]
    for subscriber in subscribers:
        await subscriber.subscribe("lobby")

    for number in range(10):
        await publishers[0].publish("lobby", f"a{number}")
        await publishers[1].publish("lobby", f"b{number}")
    received = [[await one.receive() for _ in range(20)] for one in subscribers]

    everything = {f"{name}{number}" for name in "ab" for number in range(10)}
    for frames, subscriber in zip(received, subscribers, strict=True):
        assert {frame["data"] for frame in frames} == everything
        assert len({frame["id"] for frame in frames}) == 20
        assert await subscriber.waiting() == []
        for name in "ab":
            of_one = [frame["data"] for frame in frames if frame["data"][0] == name]
            assert of_one == sorted(of_one)


async def test_a_process_works_without_redis_and_reconnects(
    clients: list[Client], redis_server: RedisServer
) -> None:
    here, there = clients
    await eventually_receives(there, here)

    redis_server.stop()
    for client in clients:
        await client.publish("lobby", "alone")
        assert (await client.receive())["data"] == "alone"
    assert not await receives(there, here)
    redis_server.restart()

    await eventually_receives(there, here)
    await eventually_receives(here, there)


@pytest.mark.usefixtures("unbounded")
async def test_a_redis_that_does_not_answer_delays_no_message(
    clients: list[Client], redis_server: RedisServer
) -> None:
    here, there = clients

    with redis_server.frozen():
        async with asyncio.timeout(20):  # waiting for Redis would take a minute
            await here.publish("lobby", "alone")
            assert (await here.receive())["data"] == "alone"

    await eventually_receives(there, here)


async def test_a_connection_to_redis_that_answers_no_ping_is_replaced(
    clients: list[Client],
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(broadcast, "PING_INTERVAL_SECONDS", 0.1)
    here, there = clients
    await eventually_receives(there, here)
    capsys.readouterr()

    with redis_server.frozen():
        await until(lambda: "websocket_broadcast_disconnected" in capsys.readouterr().out)

    await eventually_receives(there, here)


async def test_foreign_messages_in_redis_are_ignored(
    apps: list[FastAPI], clients: list[Client], redis_server: RedisServer
) -> None:
    manager = apps[0].state.websocket
    with Redis.from_url(redis_server.url) as redis:
        for junk in (b"", b"x", b"\xff\xfe \xff", b"a b"):
            assert redis.publish(manager.broadcast.topic, junk) == len(apps)

    await eventually_receives(clients[1], clients[0])
    assert len(manager.connections) == 1


async def test_it_starts_and_serves_without_redis(
    make_app: MakeApp, listen: Listen, join: Join, redis_server: RedisServer
) -> None:
    redis_server.stop()

    for redis_url in ("", redis_server.url):
        client = await join(at=await listen(await make_app(REDIS_URL=redis_url)))
        await client.subscribe("lobby")
        await client.publish("lobby", 1)
        assert (await client.receive())["data"] == 1


async def test_several_processes_without_redis_are_logged(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_app(REDIS_URL="", WEB_CONCURRENCY="2")

    assert "websocket_without_redis" in capsys.readouterr().out


async def test_queued_messages_are_sent_on_shutdown(
    make_app: MakeApp, clients: list[Client], redis_server: RedisServer
) -> None:
    from app.main import create_app

    stopping = create_app()
    async with stopping.router.lifespan_context(stopping):
        for number in range(10):
            await stopping.state.websocket.publish("lobby", message("lobby", None, number))

    assert [(await clients[0].receive())["data"] for _ in range(10)] == list(range(10))
