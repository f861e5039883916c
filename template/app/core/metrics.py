"""Metrics of business events: a port. Without the feature `metrics`, nothing is recorded."""

from collections.abc import Callable, Container, Mapping
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit

Backend: TypeAlias = Callable[[str, float, Mapping[str, str]], None]


class UnknownMetricError(LookupError):
    """No metric has this name."""


_backend: Backend | None = None
_names: Container[str] = ()


def set_backend(backend: Backend, names: Container[str]) -> None:
    """Record with `backend` from now on. Any name but these is an error."""
    global _backend, _names
    _backend, _names = backend, names


def increment(name: str, amount: float = 1, /, **labels: str) -> None:
    """Increment a counter, which is named without `_total`. Labels must have few values."""
    _check_name(name)
    if _backend:
        _backend(name, amount, labels)


observe = increment  # a value of a histogram


def increment_after_commit(session: AsyncSession, name: str, /, **labels: str) -> None:
    """Increment a counter when the session's transaction is committed."""
    _check_name(name)  # now, since an error after the commit would only be logged

    async def act() -> None:
        increment(name, **labels)

    after_commit(session, act)


def _check_name(name: str) -> None:
    if _backend and name not in _names:
        raise UnknownMetricError(f"no metric is called {name}")
