"""How much the relay carries between processes, and to whom."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from app.websocket.relay import Relay
from tests.redis.servers import RedisServer
from tests.websocket.clients import eventually


@asynccontextmanager
async def hearing(url: str) -> AsyncGenerator[tuple[Relay, list[str]]]:
    """One more process, and what it hears."""
    heard: list[str] = []
    relay = Relay(SecretStr(url), lambda _, frame: heard.append(frame))
    async with relay.open():
        yield relay, heard


async def test_what_many_say_at_once_is_not_lost(redis_server: RedisServer) -> None:
    said = [str(number) for number in range(3000)]

    async with (
        hearing(redis_server.url) as (speaker, own),
        hearing(redis_server.url) as (_, heard),
    ):
        for frame in said:
            speaker.send("lobby", frame)
        await eventually(lambda: len(heard) >= len(said))

    assert heard == said
    assert own == []


async def test_what_waits_has_a_bound(redis_server: RedisServer) -> None:
    frame = "x" * 64 * 1024

    async with hearing(redis_server.url) as (relay, _):
        with redis_server.frozen():
            for _ in range(1000):
                relay.send("lobby", frame)
            assert relay.outgoing.qsize() < 300


async def test_services_that_share_a_redis_do_not_hear_each_other(
    redis_server: RedisServer,
) -> None:
    async with (
        hearing(f"{redis_server.url}/1") as (speaker, _),
        hearing(f"{redis_server.url}/1") as (_, near),
        hearing(f"{redis_server.url}/2") as (_, far),
    ):
        speaker.send("lobby", "tea")
        await eventually(lambda: near)

    assert (near, far) == (["tea"], [])
