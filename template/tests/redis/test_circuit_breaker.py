"""The circuit breaker, whatever state Redis is in."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis

from app.redis import circuit_breaker
from app.redis.circuit_breaker import TICKS, RedisBreaker, RedisEntryError, RedisUnavailableError
from app.redis.feature import make_client
from tests.redis.servers import RedisServer

# More than a busy machine needs, and less than the minute that one would wait without a limit.
SOON_SECONDS = 20


@pytest.fixture
async def breaker(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[RedisBreaker]:
    """A breaker for the test's own server, connected."""
    breaker = RedisBreaker(make_client(SecretStr(redis_server.url)))
    with monkeypatch.context() as generous:
        generous.setattr(circuit_breaker, "TIMEOUT_SECONDS", 60)
        await breaker.ping()
    yield breaker
    await breaker.client.aclose(close_connection_pool=True)


async def hello(redis: Redis) -> Any:
    return await redis.echo("hello")


async def never(_: Redis) -> None:
    await asyncio.sleep(60)


async def fail(breaker: RedisBreaker, command: Callable[[Redis], Awaitable[Any]] = hello) -> None:
    """Call Redis, and get an error soon."""
    async with asyncio.timeout(SOON_SECONDS):
        with pytest.raises(RedisUnavailableError):
            await breaker.call(command)


class CountingCommand:
    """A command that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, redis: Redis) -> Any:
        """Call Redis."""
        self.calls += 1
        return await hello(redis)


def stay_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the breaker open for longer than the test takes, unless it closes at once."""
    monkeypatch.setattr(circuit_breaker, "OPEN_SECONDS", 60 * circuit_breaker.OPEN_SECONDS)


@pytest.mark.usefixtures("generous_timeouts")
async def test_a_result_is_returned(breaker: RedisBreaker) -> None:
    assert await breaker.call(hello) == b"hello"


@pytest.mark.usefixtures("generous_timeouts")
async def test_many_concurrent_calls_queue(breaker: RedisBreaker) -> None:
    assert await asyncio.gather(*(breaker.call(hello) for _ in range(300))) == [b"hello"] * 300


@pytest.mark.usefixtures("generous_timeouts")
async def test_a_stopped_redis_is_one_error_at_once(
    breaker: RedisBreaker, redis_server: RedisServer
) -> None:
    redis_server.stop()

    await fail(breaker)


@pytest.mark.usefixtures("unbounded")
async def test_a_hanging_redis_delays_few_calls_and_not_for_long(
    breaker: RedisBreaker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_open(monkeypatch)
    command = CountingCommand()

    with redis_server.frozen():
        await asyncio.gather(*(fail(breaker, command) for _ in range(50)))
        await fail(breaker, command)

    assert command.calls == circuit_breaker.MAX_CONCURRENT_CALLS


async def test_a_half_open_breaker_lets_one_call_through(
    breaker: RedisBreaker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = CountingCommand()
    stay_open(monkeypatch)

    with redis_server.frozen():
        with monkeypatch.context() as brief:
            brief.setattr(circuit_breaker, "OPEN_SECONDS", 0)
            await fail(breaker)
        await asyncio.gather(*(fail(breaker, command) for _ in range(20)))

    assert command.calls == 1


@pytest.mark.usefixtures("generous_timeouts")
async def test_the_breaker_closes_when_redis_is_back(
    breaker: RedisBreaker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "OPEN_SECONDS", 0)
    redis_server.stop()
    await fail(breaker)
    redis_server.restart()

    assert await breaker.call(hello) == b"hello"


async def test_a_ping_closes_the_breaker(
    breaker: RedisBreaker, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_open(monkeypatch)
    with redis_server.frozen():
        await fail(breaker)
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 60)

    await breaker.ping()

    assert await breaker.call(hello) == b"hello"


async def test_a_slow_result_is_returned_and_opens_the_breaker(
    breaker: RedisBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stay_open(monkeypatch)
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 2)

    async def slow(redis: Redis) -> Any:
        for _ in range(TICKS - circuit_breaker.SLOW_TICKS):
            await asyncio.sleep(circuit_breaker.TIMEOUT_SECONDS / TICKS * 1.02)
        return await hello(redis)

    assert await breaker.call(slow) == b"hello"
    await fail(breaker, command := CountingCommand())
    assert command.calls == 0


async def test_a_busy_event_loop_does_not_open_the_breaker(
    breaker: RedisBreaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(circuit_breaker, "TIMEOUT_SECONDS", 1)

    async def busy(redis: Redis) -> Any:
        time.sleep(2)  # noqa: ASYNC251  (what it is about)
        return await hello(redis)

    assert await breaker.call(busy) == b"hello"
    assert await breaker.call(hello) == b"hello"


async def test_an_error_of_redis_is_unavailable(breaker: RedisBreaker) -> None:
    with pytest.raises(RedisUnavailableError):
        await breaker.call(lambda redis: redis.execute_command("NONSENSE"))


@pytest.mark.usefixtures("generous_timeouts")
async def test_an_unreadable_entry_does_not_open_the_breaker(breaker: RedisBreaker) -> None:
    await breaker.call(lambda redis: redis.rpush("list", "one"))

    async def read_number(redis: Redis) -> int:
        return int(await redis.lindex("list", 0) or 0)

    for command in (lambda redis: redis.get("list"), read_number):
        with pytest.raises(RedisEntryError):
            await breaker.call(command)
        assert await breaker.call(hello) == b"hello"


async def test_a_cancelled_call_leaves_no_answer_for_the_next(breaker: RedisBreaker) -> None:
    for number in range(20):
        asking = asyncio.create_task(breaker.call(lambda redis: redis.echo("stale")))
        await asyncio.sleep(number / 20_000)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        assert await breaker.call(hello) == b"hello"


async def test_a_call_that_never_returns_times_out(breaker: RedisBreaker) -> None:
    await fail(breaker, never)
