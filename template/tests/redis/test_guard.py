"""Asking Redis without waiting for it, whatever state it is in."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.redis import guard
from app.redis.client import make_client
from app.redis.guard import (
    SLOW,
    TIMEOUT_SECONDS,
    GuardedRedis,
    RedisEntryError,
    RedisUnavailableError,
)
from app.redis.patience import TICKS
from tests.redis.servers import RedisServer


@pytest.fixture
async def guarded(redis_server: RedisServer) -> AsyncGenerator[GuardedRedis]:
    """A guard before the test's own server."""
    guarded = GuardedRedis(make_client(SecretStr(redis_server.url)))
    await guarded.ping()
    yield guarded
    await guarded.client.aclose(close_connection_pool=True)


async def hello(redis: Redis) -> Any:
    return await redis.echo("hello")


async def never(_: Redis) -> None:
    await asyncio.sleep(60)


async def seconds_to_fail(guarded: GuardedRedis) -> float:
    began = time.monotonic()
    with pytest.raises(RedisUnavailableError):
        await guarded.ask(hello)
    return time.monotonic() - began


async def test_an_answer_is_passed_on(guarded: GuardedRedis) -> None:
    assert await guarded.ask(hello) == b"hello"


@pytest.mark.usefixtures("patient")
async def test_many_questions_at_once_wait_for_their_turn(guarded: GuardedRedis) -> None:
    assert await asyncio.gather(*(guarded.ask(hello) for _ in range(300))) == [b"hello"] * 300


async def test_a_redis_that_is_gone_is_one_error_at_once(
    guarded: GuardedRedis, redis_server: RedisServer
) -> None:
    redis_server.stop()

    assert await seconds_to_fail(guarded) < 0.25


async def test_a_redis_that_hangs_is_waited_for_no_longer_than_a_tenth_of_a_second(
    guarded: GuardedRedis, redis_server: RedisServer
) -> None:
    with redis_server.frozen():
        times = await asyncio.gather(*(seconds_to_fail(guarded) for _ in range(50)))
        again = await seconds_to_fail(guarded)

    assert max(times) < 0.25
    assert again < 0.05


async def test_after_the_pause_only_one_tries(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PAUSE_SECONDS", 0.2)
    asked = 0

    async def count(redis: Redis) -> Any:
        nonlocal asked
        asked += 1
        return await hello(redis)

    with redis_server.frozen():
        await seconds_to_fail(guarded)
        await asyncio.sleep(0.25)
        answers = await asyncio.gather(
            *(guarded.ask(count) for _ in range(20)), return_exceptions=True
        )

    assert {type(answer) for answer in answers} == {RedisUnavailableError}
    assert asked == 1


async def test_a_redis_that_is_back_is_used_again(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PAUSE_SECONDS", 0.1)
    redis_server.stop()
    await seconds_to_fail(guarded)
    redis_server.restart()
    await asyncio.sleep(0.15)

    assert await guarded.ask(hello) == b"hello"


async def test_a_probe_asks_in_the_pause_too_and_ends_it(
    guarded: GuardedRedis, redis_server: RedisServer
) -> None:
    with redis_server.frozen():
        await seconds_to_fail(guarded)

    await guarded.ping()

    assert await guarded.ask(hello) == b"hello"


async def test_a_slow_answer_is_taken_and_is_the_last_for_now(guarded: GuardedRedis) -> None:
    async def slow(redis: Redis) -> Any:
        for _ in range(TICKS - SLOW):
            await asyncio.sleep(TIMEOUT_SECONDS / TICKS * 1.02)
        return await hello(redis)

    assert await guarded.ask(slow) == b"hello"
    assert await seconds_to_fail(guarded) < 0.05


async def test_redis_is_not_blamed_for_our_own_slowness(guarded: GuardedRedis) -> None:
    async def busy(redis: Redis) -> Any:
        time.sleep(0.2)  # noqa: ASYNC251  (what it is about)
        return await hello(redis)

    assert await guarded.ask(busy) == b"hello"
    assert await guarded.ask(hello) == b"hello"


async def test_what_redis_refuses_is_no_error_of_ours(guarded: GuardedRedis) -> None:
    with pytest.raises(RedisUnavailableError):
        await guarded.ask(lambda redis: redis.execute_command("NONSENSE"))


@pytest.mark.usefixtures("patient")
async def test_an_entry_that_cannot_be_read_takes_redis_from_nobody(guarded: GuardedRedis) -> None:
    await guarded.ask(lambda redis: redis.rpush("list", "one"))

    async def read_number(redis: Redis) -> int:
        return int(await redis.lindex("list", 0) or 0)

    for question in (lambda redis: redis.get("list"), read_number):
        with pytest.raises(RedisEntryError):
            await guarded.ask(question)
        assert await guarded.ask(hello) == b"hello"


async def test_who_gives_up_leaves_no_answer_behind_for_the_next(guarded: GuardedRedis) -> None:
    for number in range(20):
        asking = asyncio.create_task(guarded.ask(lambda redis: redis.echo("stale")))
        await asyncio.sleep(number / 20_000)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        assert await guarded.ask(hello) == b"hello"


async def test_one_that_never_answers_is_left(guarded: GuardedRedis) -> None:
    began = time.monotonic()
    with pytest.raises(RedisUnavailableError):
        await guarded.ask(never)

    assert time.monotonic() - began < 0.25
