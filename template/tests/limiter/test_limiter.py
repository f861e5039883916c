"""Counting in one process."""

import asyncio
import time

import pytest
from limits import parse

from app.limiter.headers import limit_headers
from app.limiter.limiter import FEW, LocalLimiter, Window, hidden

RATE = parse("3/minute")


@pytest.fixture
def limiter() -> LocalLimiter:
    return LocalLimiter()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock to be set: `clock[0] += 60`."""
    clock = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    return clock


async def hits(limiter: LocalLimiter, times: int, *key: str) -> list[bool]:
    return [(await limiter.hit(RATE, *key)).allowed for _ in range(times)]


async def test_so_many_are_allowed_and_no_more(limiter: LocalLimiter) -> None:
    assert await hits(limiter, 5, "test", "ada") == [True, True, True, False, False]


async def test_keys_are_counted_apart(limiter: LocalLimiter) -> None:
    await hits(limiter, 4, "test", "ada")

    assert await hits(limiter, 1, "test", "bob") == [True]
    assert await hits(limiter, 1, "other", "ada") == [True]
    assert await hits(limiter, 1, "test", "a", "da") == [True]


async def test_in_no_minute_there_are_more_than_allowed(
    limiter: LocalLimiter, clock: list[float]
) -> None:
    allowed = []
    for _ in range(180):
        if (await limiter.hit(RATE, "test")).allowed:
            allowed.append(clock[0])
        clock[0] += 1

    assert len(allowed) == 9
    assert all(late - early >= 60 for early, late in zip(allowed, allowed[3:], strict=False))


async def test_a_window_says_what_is_left_and_when_there_is_more(
    limiter: LocalLimiter, clock: list[float]
) -> None:
    first = await limiter.hit(RATE, "test")
    clock[0] += 10.5
    await limiter.hit(RATE, "test")
    last = await limiter.hit(RATE, "test")
    refused = await limiter.hit(RATE, "test")

    assert first == Window(allowed=True, remaining=2, reset=60)
    assert last == Window(allowed=True, remaining=0, reset=50)
    assert refused == Window(allowed=False, remaining=0, reset=50)


async def test_looking_does_not_count(limiter: LocalLimiter) -> None:
    for _ in range(5):
        assert (await limiter.look(RATE, "test")).allowed
    await hits(limiter, 3, "test")

    assert not (await limiter.look(RATE, "test")).allowed


async def test_what_is_cleared_is_forgotten(limiter: LocalLimiter) -> None:
    await hits(limiter, 3, "test")
    await limiter.clear(RATE, "test")

    assert await hits(limiter, 1, "test") == [True]


async def test_parallel_hits_do_not_slip_through(limiter: LocalLimiter) -> None:
    windows = await asyncio.gather(*(limiter.hit(RATE, "test") for _ in range(50)))

    assert sum(window.allowed for window in windows) == 3


async def test_counts_that_are_over_take_no_room(limiter: LocalLimiter, clock: list[float]) -> None:
    for minute in range(20):
        clock[0] += 60
        for number in range(FEW // 4):
            await limiter.hit(RATE, "test", f"{minute} {number}")

    assert len(limiter.counts) <= FEW + 1


def test_a_key_tells_nothing_and_is_short_whatever_was_sent() -> None:
    for sent in ("ada@example.com", "x" * 1_000_000, "\ud800", ""):
        purpose, rest = hidden(("login", "pair", sent))

        assert (purpose, len(rest)) == ("login", 32)
        assert "ada" not in rest


def test_headers_are_those_of_the_draft() -> None:
    left = limit_headers("default", parse("300/minute"), Window(True, 299, 60))
    none = limit_headers("default", parse("300/minute"), Window(False, 0, 42))

    assert left == {
        "RateLimit-Policy": '"default";q=300;w=60',
        "RateLimit": '"default";r=299;t=60',
    }
    assert none["Retry-After"] == "42"
