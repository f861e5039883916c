"""The rate limiter in memory."""

import asyncio
import time

import pytest
from limits import parse

from app.rate_limit.limiter import (
    CLEANUP_THRESHOLD,
    MemoryStorage,
    RateLimiter,
    Window,
    hash_key,
    limit_headers,
)

RATE = parse("3/minute")


@pytest.fixture
def limiter() -> RateLimiter:
    return RateLimiter()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock to be set: `clock[0] += 60`."""
    clock = [1000.0]
    for name in ("monotonic", "time"):
        monkeypatch.setattr(time, name, lambda: clock[0])
    return clock


async def hits(limiter: RateLimiter, times: int, *key: str) -> list[bool]:
    return [(await limiter.hit(RATE, *key)).allowed for _ in range(times)]


async def test_no_more_than_the_rate_is_allowed(limiter: RateLimiter) -> None:
    assert await hits(limiter, 5, "test", "ada") == [True, True, True, False, False]


async def test_keys_are_counted_separately(limiter: RateLimiter) -> None:
    await hits(limiter, 4, "test", "ada")

    assert await hits(limiter, 1, "test", "bob") == [True]
    assert await hits(limiter, 1, "other", "ada") == [True]
    assert await hits(limiter, 1, "test", "a", "da") == [True]


async def test_the_window_moves(limiter: RateLimiter, clock: list[float]) -> None:
    allowed = []
    for _ in range(180):
        if (await limiter.hit(RATE, "test")).allowed:
            allowed.append(clock[0])
        clock[0] += 1

    assert len(allowed) == 9
    assert all(late - early >= 60 for early, late in zip(allowed, allowed[3:], strict=False))


async def test_a_window_has_the_remaining_hits_and_the_seconds_until_the_reset(
    limiter: RateLimiter, clock: list[float]
) -> None:
    first = await limiter.hit(RATE, "test")
    clock[0] += 10.5
    await limiter.hit(RATE, "test")
    last = await limiter.hit(RATE, "test")
    refused = await limiter.hit(RATE, "test")

    assert first == Window(allowed=True, remaining=2, reset=60)
    assert last == Window(allowed=True, remaining=0, reset=50)
    assert refused == Window(allowed=False, remaining=0, reset=50)


async def test_a_check_does_not_count(limiter: RateLimiter) -> None:
    for _ in range(5):
        assert (await limiter.check(RATE, "test")).allowed
    await hits(limiter, 3, "test")

    assert not (await limiter.check(RATE, "test")).allowed


async def test_clear_resets_a_window(limiter: RateLimiter) -> None:
    await hits(limiter, 3, "test")
    await limiter.clear(RATE, "test")

    assert await hits(limiter, 1, "test") == [True]


async def test_parallel_hits_are_counted_exactly(limiter: RateLimiter) -> None:
    windows = await asyncio.gather(*(limiter.hit(RATE, "test") for _ in range(50)))

    assert sum(window.allowed for window in windows) == 3


async def test_expired_windows_are_deleted(clock: list[float]) -> None:
    storage = MemoryStorage()
    limiter = RateLimiter(storage)
    for minute in range(20):
        clock[0] += 60
        for number in range(CLEANUP_THRESHOLD // 4):
            await limiter.hit(RATE, "test", f"{minute} {number}")

    assert len(storage.windows) <= CLEANUP_THRESHOLD + 1


def test_a_hashed_key_is_short_and_has_no_personal_data() -> None:
    for sent in ("ada@example.com", "x" * 1_000_000, "\ud800", ""):
        purpose, rest = hash_key(("login", "pair", sent))

        assert (purpose, len(rest)) == ("login", 32)
        assert "ada" not in rest


def test_headers_follow_the_draft() -> None:
    left = limit_headers("default", parse("300/minute"), Window(True, 299, 60))
    none = limit_headers("default", parse("300/minute"), Window(False, 0, 42))

    assert left == {
        "RateLimit-Policy": '"default";q=300;w=60',
        "RateLimit": '"default";r=299;t=60',
    }
    assert none["Retry-After"] == "42"
