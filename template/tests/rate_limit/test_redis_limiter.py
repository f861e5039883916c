"""The rate limiter in Redis, and its fallback."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from itertools import cycle
from typing import Any, TypeVar

import pytest
from limits import parse
from pydantic import SecretStr
from redis.asyncio import Redis

from app.rate_limit.redis_limiter import RedisRateLimiter
from app.redis.circuit_breaker import RedisBreaker, RedisUnavailableError
from app.redis.feature import make_client

T = TypeVar("T")
FIVE = parse("5/minute")
pytestmark = pytest.mark.usefixtures("generous_timeouts")
KEY = ("test", "ada@example.com", "192.0.2.1")


class FlappingRedis(RedisBreaker):
    """Is available as `available` says."""

    available: Iterator[bool] = cycle([True])

    async def call(self, command: Callable[[Redis], Awaitable[T]]) -> T:
        """Call Redis, or raise `RedisUnavailableError`."""
        if next(self.available):
            return await super().call(command)
        raise RedisUnavailableError


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[FlappingRedis]:
    """A Redis that is available until a test sets `available`."""
    redis = FlappingRedis(make_client(SecretStr(redis_url)))
    await redis.ping()
    yield redis
    await redis.client.aclose(close_connection_pool=True)


async def allowed(limiter: RedisRateLimiter, times: int) -> int:
    return sum([(await limiter.hit(FIVE, *KEY)).allowed for _ in range(times)])


async def test_all_limiters_share_a_window(redis: FlappingRedis) -> None:
    one, other = RedisRateLimiter(redis), RedisRateLimiter(redis)

    assert (await one.hit(FIVE, *KEY)).remaining == 4
    assert (await other.hit(FIVE, *KEY)).remaining == 3
    assert (await one.check(FIVE, *KEY)).remaining == 3
    assert 59 <= (await one.check(FIVE, *KEY)).reset <= 60


async def test_a_check_does_not_count(redis: FlappingRedis) -> None:
    limiter = RedisRateLimiter(redis)
    for _ in range(10):
        assert (await limiter.check(FIVE, *KEY)).allowed
    await allowed(limiter, 5)

    assert not (await limiter.check(FIVE, *KEY)).allowed


async def test_one_limiter_clears_the_window_for_all(redis: FlappingRedis) -> None:
    one, other = RedisRateLimiter(redis), RedisRateLimiter(redis)
    assert await allowed(one, 5) == 5
    await other.clear(FIVE, *KEY)

    assert await allowed(one, 6) == 5


async def test_without_redis_the_limit_holds_in_the_process(redis: FlappingRedis) -> None:
    limiter = RedisRateLimiter(redis)
    redis.available = cycle([False])

    assert await allowed(limiter, 10) == 5
    assert (await limiter.check(FIVE, *KEY)).remaining == 0


@pytest.mark.parametrize("pattern", ["10", "01", "001", "0000011", "1110"])
async def test_a_flapping_redis_adds_no_more_than_the_limit_of_the_process(
    redis: FlappingRedis, pattern: str
) -> None:
    redis.available = cycle([available == "1" for available in pattern])

    assert await allowed(RedisRateLimiter(redis), 40) <= 10


async def test_clear_resets_the_fallback_too(redis: FlappingRedis) -> None:
    limiter = RedisRateLimiter(redis)
    redis.available = cycle([False])
    await allowed(limiter, 5)
    await limiter.clear(FIVE, *KEY)

    assert await allowed(limiter, 10) == 5


async def test_a_hit_is_one_command(redis: FlappingRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    limiter = RedisRateLimiter(redis)
    await limiter.hit(FIVE, *KEY)  # the first one loads the script
    sent: list[str] = []
    execute = redis.client.execute_command

    async def record(*command: Any, **options: Any) -> Any:
        sent.append(command[0])
        return await execute(*command, **options)

    monkeypatch.setattr(redis.client, "execute_command", record)
    assert await allowed(limiter, 6) == 4

    assert sent == ["EVALSHA"] * 6


async def test_the_window_moves(redis: FlappingRedis, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [time.time()]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    limiter = RedisRateLimiter(redis)
    times = []
    for _ in range(130):
        if (await limiter.hit(FIVE, *KEY)).allowed:
            times.append(clock[0])
        clock[0] += 7

    assert all(late - early >= 60 for early, late in zip(times, times[5:], strict=False))
    assert len(times) == 5 * 14 + 4  # five in 63 seconds


async def test_parallel_hits_are_exact(redis: FlappingRedis) -> None:
    limiters = [RedisRateLimiter(redis) for _ in range(3)]

    windows = await asyncio.gather(*(limiters[n % 3].hit(FIVE, *KEY) for n in range(30)))

    assert sum(window.allowed for window in windows) == 5
    assert sorted(window.remaining for window in windows)[-5:] == [0, 1, 2, 3, 4]
