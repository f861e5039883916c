"""What RedisBroadcast carries between processes: all messages, within a bounded queue."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import SecretStr

from app.websocket.broadcast import MAX_QUEUED_CHARACTERS, RedisBroadcast
from tests.redis.servers import RedisServer
from tests.websocket.clients import eventually


@asynccontextmanager
async def broadcasting(url: str) -> AsyncGenerator[tuple[RedisBroadcast, list[str]]]:
    """Run the broadcast of one more process; yield it and the frames it receives."""
    received: list[str] = []
    broadcast = RedisBroadcast(SecretStr(url), lambda _, frame: received.append(frame))
    async with broadcast.running():
        yield broadcast, received


async def test_a_burst_of_messages_is_delivered_completely(redis_server: RedisServer) -> None:
    frames = [str(number) for number in range(3000)]

    async with (
        broadcasting(redis_server.url) as (sender, own),
        broadcasting(redis_server.url) as (_, received),
    ):
        for frame in frames:
            sender.send("lobby", frame)
        await eventually(lambda: len(received) >= len(frames))

    assert received == frames
    assert own == []


async def test_the_queue_is_bounded(redis_server: RedisServer) -> None:
    frame = "x" * 64 * 1024

    async with broadcasting(redis_server.url) as (broadcast, _):
        with redis_server.frozen():
            for _ in range(1000):
                broadcast.send("lobby", frame)
            assert broadcast.queue.qsize() < 300
            assert broadcast.queued_characters <= MAX_QUEUED_CHARACTERS


async def test_services_with_separate_databases_of_one_redis_share_no_messages(
    redis_server: RedisServer,
) -> None:
    async with (
        broadcasting(f"{redis_server.url}/1") as (sender, _),
        broadcasting(f"{redis_server.url}/1") as (_, same),
        broadcasting(f"{redis_server.url}/2") as (_, other),
    ):
        sender.send("lobby", "tea")
        await eventually(lambda: same)

    assert (same, other) == (["tea"], [])
