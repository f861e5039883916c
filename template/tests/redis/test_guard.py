"""Asking Redis without waiting for it, whatever state it is in."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.redis import guard
from app.redis.client import make_client
from app.redis.guard import QUESTIONS, SLOW, GuardedRedis, RedisEntryError, RedisUnavailableError
from app.redis.patience import TICKS
from tests.redis.servers import RedisServer

# More than a busy machine needs, and less than the minute that one would wait without a limit.
SOON_SECONDS = 20


@pytest.fixture
async def guarded(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[GuardedRedis]:
    """A guard before the test's own server, connected."""
    guarded = GuardedRedis(make_client(SecretStr(redis_server.url)))
    with monkeypatch.context() as patient:
        patient.setattr(guard, "TIMEOUT_SECONDS", 60)
        await guarded.ping()
    yield guarded
    await guarded.client.aclose(close_connection_pool=True)


async def hello(redis: Redis) -> Any:
    return await redis.echo("hello")


async def never(_: Redis) -> None:
    await asyncio.sleep(60)


async def fail(guarded: GuardedRedis, question: Callable[[Redis], Awaitable[Any]] = hello) -> None:
    """Ask, and get an error soon."""
    async with asyncio.timeout(SOON_SECONDS):
        with pytest.raises(RedisUnavailableError):
            await guarded.ask(question)


class Counted:
    """A question that knows how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, redis: Redis) -> Any:
        """Ask."""
        self.asked += 1
        return await hello(redis)


def stretch_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the pause outlast the test on a busy machine, unless there is none."""
    monkeypatch.setattr(guard, "PAUSE_SECONDS", 60 * guard.PAUSE_SECONDS)


@pytest.mark.usefixtures("patient")
async def test_an_answer_is_passed_on(guarded: GuardedRedis) -> None:
    assert await guarded.ask(hello) == b"hello"


@pytest.mark.usefixtures("patient")
async def test_many_questions_at_once_wait_for_their_turn(guarded: GuardedRedis) -> None:
    assert await asyncio.gather(*(guarded.ask(hello) for _ in range(300))) == [b"hello"] * 300


@pytest.mark.usefixtures("patient")
async def test_a_redis_that_is_gone_is_one_error_at_once(
    guarded: GuardedRedis, redis_server: RedisServer
) -> None:
    redis_server.stop()

    await fail(guarded)


@pytest.mark.usefixtures("unbounded")
async def test_a_redis_that_hangs_is_waited_for_by_few_and_not_for_long(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretch_pause(monkeypatch)
    question = Counted()

    with redis_server.frozen():
        await asyncio.gather(*(fail(guarded, question) for _ in range(50)))
        await fail(guarded, question)

    assert question.asked == QUESTIONS


async def test_after_the_pause_only_one_tries(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Counted()
    stretch_pause(monkeypatch)

    with redis_server.frozen():
        with monkeypatch.context() as brief:
            brief.setattr(guard, "PAUSE_SECONDS", 0)
            await fail(guarded)
        await asyncio.gather(*(fail(guarded, question) for _ in range(20)))

    assert question.asked == 1


@pytest.mark.usefixtures("patient")
async def test_a_redis_that_is_back_is_used_again(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "PAUSE_SECONDS", 0)
    redis_server.stop()
    await fail(guarded)
    redis_server.restart()

    assert await guarded.ask(hello) == b"hello"


async def test_a_probe_asks_in_the_pause_too_and_ends_it(
    guarded: GuardedRedis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretch_pause(monkeypatch)
    with redis_server.frozen():
        await fail(guarded)
    monkeypatch.setattr(guard, "TIMEOUT_SECONDS", 60)

    await guarded.ping()

    assert await guarded.ask(hello) == b"hello"


async def test_a_slow_answer_is_taken_and_is_the_last_for_now(
    guarded: GuardedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    stretch_pause(monkeypatch)
    monkeypatch.setattr(guard, "TIMEOUT_SECONDS", 2)

    async def slow(redis: Redis) -> Any:
        for _ in range(TICKS - SLOW):
            await asyncio.sleep(guard.TIMEOUT_SECONDS / TICKS * 1.02)
        return await hello(redis)

    assert await guarded.ask(slow) == b"hello"
    await fail(guarded, question := Counted())
    assert question.asked == 0


async def test_redis_is_not_blamed_for_our_own_slowness(
    guarded: GuardedRedis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "TIMEOUT_SECONDS", 1)

    async def busy(redis: Redis) -> Any:
        time.sleep(2)  # noqa: ASYNC251  (what it is about)
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
    await fail(guarded, never)
