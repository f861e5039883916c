"""Metrics, in the words of Prometheus: declare each where it is counted.

The feature `metrics` records and exposes them. Without it, nothing is recorded.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit

BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

# The values of a label that exist from the start, as 0; () if none is known before.
Values: TypeAlias = Sequence[str]


class Metric:
    """A counter or histogram, and its labels. These must have few values."""

    def __init__(self, name: str, help: str, /, **labels: Values) -> None:
        self.name, self.help, self.labels = name, help, labels
        # With the feature `metrics`: finds the time series with these values of the labels.
        self.child = _define(self) if _define else None
        METRICS.append(self)


class Counter(Metric):
    """A number that only grows; its name ends in `_total`."""

    def inc(self, amount: float = 1, /, **labels: str) -> None:
        """Increment it."""
        if self.child:
            self.child(**labels).inc(amount)

    def inc_after_commit(self, session: AsyncSession, /, **labels: str) -> None:
        """Increment it by 1 when the session's transaction is committed."""
        if self.child:
            child = self.child(**labels)  # now: an error after the commit would only be logged

            async def act() -> None:
                child.inc()

            after_commit(session, act)


class Histogram(Metric):
    """A distribution of values, such as durations."""

    def __init__(
        self, name: str, help: str, /, buckets: Sequence[float] = BUCKETS_SECONDS, **labels: Values
    ) -> None:
        self.buckets = buckets
        super().__init__(name, help, **labels)

    def observe(self, value: float, /, **labels: str) -> None:
        """Add a value."""
        if self.child:
            self.child(**labels).observe(value)


METRICS: list[Metric] = []

_define: Callable[[Metric], Callable[..., Any]] | None = None


def record_with(define: Callable[[Metric], Callable[..., Any]]) -> None:
    """Define every metric, those that are declared later too, and record from now on."""
    global _define
    _define = define
    for metric in METRICS:
        metric.child = define(metric)
