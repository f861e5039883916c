"""Several processes, and Redis between them: there, away, and back."""

import asyncio
from uuid import uuid4

import pytest
from fastapi import FastAPI
from redis import Redis

from app.websocket import relay
from tests.conftest import MakeApp
from tests.processes import PATIENCE_SECONDS
from tests.redis.servers import RedisServer
from tests.websocket.clients import Client
from tests.websocket.conftest import Join, Listen

pytestmark = pytest.mark.process

CLIENTS = 5


@pytest.fixture
async def apps(make_app: MakeApp, redis_server: RedisServer) -> list[FastAPI]:
    """Two apps that know nothing of each other but the Redis they share."""
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


async def hears(listener: Client, speaker: Client) -> bool:
    """Whether something said now arrives."""
    data = str(uuid4())
    await speaker.publish("lobby", data)
    await speaker.waiting()
    await asyncio.sleep(0.1)
    return data in {frame.get("data") for frame in await listener.waiting()}


async def eventually_hears(listener: Client, speaker: Client) -> None:
    """Talk until it arrives, slowly enough to be allowed to."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await hears(listener, speaker):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def test_each_subscriber_of_each_process_hears_each_message_once(
    apps: list[FastAPI], listen: Listen, join: Join
) -> None:
    urls = [await listen(app) for app in apps]
    listeners = [await join(at=url) for url in urls for _ in range(CLIENTS)]
    speakers = [await join(at=url) for url in urls]
    for listener in listeners:
        await listener.subscribe("lobby")

    for number in range(10):
        await speakers[0].publish("lobby", f"a{number}")
        await speakers[1].publish("lobby", f"b{number}")
    heard = [[await listener.receive() for _ in range(20)] for listener in listeners]

    everything = {f"{name}{number}" for name in "ab" for number in range(10)}
    for frames, listener in zip(heard, listeners, strict=True):
        assert {frame["data"] for frame in frames} == everything
        assert len({frame["id"] for frame in frames}) == 20
        assert await listener.waiting() == []
        for name in "ab":
            said = [frame["data"] for frame in frames if frame["data"][0] == name]
            assert said == sorted(said)


async def test_while_redis_is_gone_a_process_goes_on_alone_and_joins_the_others_again(
    clients: list[Client], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LONGEST_SECONDS", 0.2)
    here, there = clients
    await eventually_hears(there, here)

    redis_server.stop()
    for client in clients:
        await client.publish("lobby", "alone")
        assert (await client.receive())["data"] == "alone"
    assert not await hears(there, here)
    redis_server.restart()

    await eventually_hears(there, here)
    await eventually_hears(here, there)


@pytest.mark.usefixtures("unbounded")
async def test_while_redis_hangs_nobody_waits(
    clients: list[Client], redis_server: RedisServer
) -> None:
    here, there = clients

    with redis_server.frozen():
        async with asyncio.timeout(20):  # with Redis, it would be a minute
            await here.publish("lobby", "alone")
            assert (await here.receive())["data"] == "alone"

    await eventually_hears(there, here)


async def test_a_connection_that_has_gone_silent_is_replaced(
    clients: list[Client], redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "QUIET_SECONDS", 0.1)
    here, there = clients
    await eventually_hears(there, here)

    with redis_server.frozen():
        await asyncio.sleep(1.5)

    await eventually_hears(there, here)


async def test_what_others_write_there_harms_nobody(
    apps: list[FastAPI], clients: list[Client], redis_server: RedisServer
) -> None:
    with Redis.from_url(redis_server.url) as redis:
        for junk in (b"", b"x", b"\xff\xfe \xff", b"a b"):
            assert redis.publish(apps[0].state.events.relay.topic, junk) == len(apps)

    await eventually_hears(clients[1], clients[0])
    assert len(apps[0].state.websocket.connections) == 1


async def test_without_redis_it_starts_and_serves(
    make_app: MakeApp, listen: Listen, join: Join, redis_server: RedisServer
) -> None:
    redis_server.stop()

    for redis_url in ("", redis_server.url):
        client = await join(at=await listen(await make_app(REDIS_URL=redis_url)))
        await client.subscribe("lobby")
        await client.publish("lobby", 1)
        assert (await client.receive())["data"] == 1


async def test_processes_that_share_nothing_say_so(
    make_app: MakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    await make_app(REDIS_URL="", WEB_CONCURRENCY="2")

    assert "websocket_alone" in capsys.readouterr().out


async def test_the_last_messages_are_sent_before_the_end(
    make_app: MakeApp, clients: list[Client], redis_server: RedisServer
) -> None:
    from app.main import create_app

    leaving = create_app()
    async with leaving.router.lifespan_context(leaving):
        for number in range(10):
            leaving.state.events.publish("lobby", None, number)

    assert [(await clients[0].receive())["data"] for _ in range(10)] == list(range(10))
