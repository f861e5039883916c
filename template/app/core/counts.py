"""Counting what happens: a port. Without the `metrics` feature, nobody counts."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

Counter: TypeAlias = Callable[[str, float, Mapping[str, str]], None]


def forget(_name: str, _amount: float, _labels: Mapping[str, str]) -> None:
    """Nobody wants to know."""


_counter: Counter = forget


def count_with(counter: Counter) -> None:
    """Let `counter` be told from now on."""
    global _counter
    _counter = counter


def count(name: str, amount: float = 1, /, **labels: str) -> None:
    """Add to a count, or one value to a distribution. Labels must have few values."""
    _counter(name, amount, labels)


def counting(name: str, /, **labels: str) -> Callable[[], Awaitable[None]]:
    """Make an action that counts one: `after_commit(session, counting("users_registered"))`."""

    async def act() -> None:
        count(name, **labels)

    return act
