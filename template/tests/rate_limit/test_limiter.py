"""Counting in Redis, whose answers may come or not."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from itertools import cycle
from typing import TypeVar

import pytest
from limits import parse
from pydantic import SecretStr
from redis.asyncio import Redis

from app.rate_limit.limiter import SharedLimiter
from app.redis.client import make_client
from app.redis.guard import GuardedRedis, RedisUnavailableError

T = TypeVar("T")
FIVE = parse("5/minute")
pytestmark = pytest.mark.usefixtures("patient")
KEY = ("test", "ada@example.com", "192.0.2.1")


class Unsteady(GuardedRedis):
    """Answers only now and then."""

    answers: Iterator[bool] = cycle([True])

    async def ask(self, question: Callable[[Redis], Awaitable[T]]) -> T:
        """Ask, or say that Redis is away."""
        if next(self.answers):
            return await super().ask(question)
        raise RedisUnavailableError


@pytest.fixture
async def redis(redis_url: str) -> AsyncGenerator[Unsteady]:
    """A Redis that answers, until it is told not to."""
    redis = Unsteady(make_client(SecretStr(redis_url)))
    await redis.ping()
    yield redis
    await redis.client.aclose(close_connection_pool=True)


async def allowed(limiter: SharedLimiter, times: int) -> int:
    return sum([(await limiter.hit(FIVE, *KEY)).allowed for _ in range(times)])


async def test_a_window_says_what_is_left_for_all(redis: Unsteady) -> None:
    one, other = SharedLimiter(redis), SharedLimiter(redis)

    assert (await one.hit(FIVE, *KEY)).remaining == 4
    assert (await other.hit(FIVE, *KEY)).remaining == 3
    assert (await one.look(FIVE, *KEY)).remaining == 3
    assert 59 <= (await one.look(FIVE, *KEY)).reset <= 60


async def test_looking_does_not_count(redis: Unsteady) -> None:
    limiter = SharedLimiter(redis)
    for _ in range(10):
        assert (await limiter.look(FIVE, *KEY)).allowed
    await allowed(limiter, 5)

    assert not (await limiter.look(FIVE, *KEY)).allowed


async def test_a_success_elsewhere_forgets_the_attempts_here(redis: Unsteady) -> None:
    one, other = SharedLimiter(redis), SharedLimiter(redis)
    assert await allowed(one, 5) == 5
    await other.clear(FIVE, *KEY)

    assert await allowed(one, 6) == 5


@pytest.mark.parametrize("pattern", ["10", "01", "001", "0000011", "1110"])
async def test_a_redis_that_comes_and_goes_lets_nobody_do_more(
    redis: Unsteady, pattern: str
) -> None:
    redis.answers = cycle([answer == "1" for answer in pattern])

    assert await allowed(SharedLimiter(redis), 40) == 5


async def test_nobody_begins_anew_when_redis_fails(redis: Unsteady) -> None:
    limiter = SharedLimiter(redis)
    assert await allowed(limiter, 3) == 3
    redis.answers = cycle([False])

    assert (await limiter.look(FIVE, *KEY)).remaining == 2
    assert await allowed(limiter, 10) == 2


async def test_what_was_allowed_without_redis_counts_when_it_is_back(redis: Unsteady) -> None:
    limiter = SharedLimiter(redis)
    redis.answers = cycle([False])
    assert await allowed(limiter, 3) == 3
    redis.answers = cycle([True])

    assert (await limiter.look(FIVE, *KEY)).remaining == 2
    assert await allowed(limiter, 10) == 2


async def test_what_is_forgotten_is_forgotten_everywhere(redis: Unsteady) -> None:
    limiter = SharedLimiter(redis)
    redis.answers = cycle([False, True])
    await allowed(limiter, 5)
    redis.answers = cycle([True])
    await limiter.clear(FIVE, *KEY)

    assert await allowed(limiter, 10) == 5
