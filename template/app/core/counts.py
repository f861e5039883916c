"""Counting what happens: a port. Without the `metrics` feature, nothing is counted."""

from collections.abc import Awaitable, Callable, Container, Mapping
from typing import TypeAlias

Counter: TypeAlias = Callable[[str, float, Mapping[str, str]], None]


class UnknownMetricError(LookupError):
    """No series has this name."""


def ignore(_name: str, _amount: float, _labels: Mapping[str, str]) -> None:
    """Count nothing."""


_counter: Counter = ignore
_names: Container[str] | None = None


def count_with(counter: Counter, names: Container[str]) -> None:
    """Count with `counter` from now on, and only what has one of these names."""
    global _counter, _names
    _counter, _names = counter, names


def count(name: str, amount: float = 1, /, **labels: str) -> None:
    """Add to a count, or one value to a distribution. Labels must have few values."""
    check_name(name)
    _counter(name, amount, labels)


def counting(name: str, /, **labels: str) -> Callable[[], Awaitable[None]]:
    """Make an action that counts one: `after_commit(session, counting("users_registered"))`."""
    check_name(name)  # now, and not after the commit

    async def act() -> None:
        count(name, **labels)

    return act


def check_name(name: str) -> None:
    """Raise `UnknownMetricError` for a name that no series has: it would count nothing."""
    if _names is not None and name not in _names:
        raise UnknownMetricError(f"no series is called {name}")
