"""Processes on several machines tell once of what they all run into, through Redis."""

from pathlib import Path

import anyio.to_thread
import pytest
from pydantic import SecretStr
from redis import Redis

from app.core.project import PROJECT
from app.observability import turns, turns_in_redis
from tests.alerts.conftest import telling, texts
from tests.receiver import Receiver
from tests.redis.servers import RedisServer


async def test_of_several_machines_one_tells_and_all_do_without_redis(
    chat: Receiver, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REDIS_URL", redis_server.url)
    for number in range(4):
        monkeypatch.setattr(turns, "FILE", tmp_path / f"machine-{number}")
        if number == 3:
            await anyio.to_thread.run_sync(redis_server.stop)
        async with telling(monkeypatch, chat.url) as failures:
            failures.tell(KeyError(), "/other", f"r-{number}")

    assert [text.split(", ")[-1] for text in texts(chat, 2)] == ["request r-0", "request r-3"]


def test_a_turn_comes_again_when_it_is_time(redis_server: RedisServer) -> None:
    url = SecretStr(redis_server.url)

    first, second, other = (turns_in_redis.take_turn(url, name, 300.0) for name in ("a", "a", "b"))

    assert (first, other) == (0.0, 0.0)
    assert 200 < second <= 300


def test_what_others_have_left_for_ever_keeps_nobody_quiet(redis_server: RedisServer) -> None:
    with Redis.from_url(redis_server.url) as redis:
        redis.rpush(f"{PROJECT.name}:alerts:list", "one")
        redis.set(f"{PROJECT.name}:alerts:text", b"\xff")

    url = SecretStr(redis_server.url)
    turns = [turns_in_redis.take_turn(url, name, 300.0) for name in ("list", "text") * 2]

    assert turns[:2] == [0.0, 0.0]
    assert min(turns[2:]) > 200
