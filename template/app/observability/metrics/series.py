"""The series, and their exposition. Import this late: prometheus_client looks for the folder."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

from app.core.failures import Failure
from app.observability.metrics.folder import VARIABLE, bury, locked

disable_created_metrics()

REGISTRY = CollectorRegistry()
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
ORDER_STATUSES = ("pending", "confirmed", "cancelled")


# What `count` of app/core/counts.py takes, by name.
COUNTED: dict[str, Counter | Histogram] = {}


def counter(name: str, text: str, *labels: str) -> Counter:
    """Make a counter; its name ends in `_total`, which `count` leaves out."""
    made = Counter(name, text, labels, registry=REGISTRY)
    COUNTED[name.removesuffix("_total")] = made
    return made


def histogram(name: str, text: str, *labels: str, buckets: Sequence[float] = SECONDS) -> Histogram:
    """Make a histogram, to which `count` adds a value."""
    made = Histogram(name, text, labels, buckets=buckets, registry=REGISTRY)
    COUNTED[name] = made
    return made


def gauge(name: str, text: str, *labels: str) -> Gauge:
    """Make a gauge, which is the sum over the processes that live."""
    return Gauge(name, text, labels, registry=REGISTRY, multiprocess_mode="livesum")


REQUESTS = counter("http_requests_total", "Requests answered", "method", "route", "status")
SECONDS_TAKEN = histogram(
    "http_request_duration_seconds",
    "Time to the end of the answer, of requests that matched a route",
    "method",
    "route",
)
IN_PROGRESS = gauge("http_requests_in_progress", "Requests being answered")
RATE_LIMITED = counter("rate_limited_total", "Requests refused with 429")
ERRORS = counter("app_errors_total", "Errors answered with 5xx, or failed jobs", "type", "route")
POOL = gauge("db_pool_connections", "Database connections by state", "state")
POOL_LIMIT = gauge("db_pool_connections_limit", "Database connections that may be open")
USERS = counter("users_registered_total", "Accounts registered")
ORDERS = counter("orders_total", "Orders that became pending, confirmed or cancelled", "status")
JOB_SECONDS = histogram(
    "job_duration_seconds",
    "Time that an attempt at a job took",
    "type",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
WEBSOCKETS = gauge("websocket_connections", "WebSockets open")
GAUGES = {"websocket_connections": WEBSOCKETS}

for status in ORDER_STATUSES:
    ORDERS.labels(status)


def count(name: str, amount: float, labels: Mapping[str, str]) -> None:
    """Count what other modules tell of (see app/core/counts.py)."""
    series = COUNTED[name]
    child = series.labels(**labels) if labels else series
    if isinstance(child, Histogram):
        child.observe(amount)
    else:
        child.inc(amount)


def count_failure(failure: Failure) -> None:
    """Count an error that nobody expected."""
    ERRORS.labels(failure.type, failure.route).inc()


def expose(more: Iterable[Metric] = ()) -> bytes:
    """Write all series in Prometheus' text format, and `more` behind them."""
    together = CollectorRegistry()
    together.register(Fixed([*_own(), *more]))
    return generate_latest(together)


def _own() -> Iterable[Metric]:
    shared = os.environ.get(VARIABLE)
    if not shared:
        return REGISTRY.collect()
    with locked(Path(shared)):
        bury(Path(shared))
        found = {family.name: family for family in MultiProcessCollector(None, shared).collect()}
    for family in REGISTRY.collect():  # what nobody has counted yet is in no file
        found.setdefault(family.name, Metric(family.name, family.documentation, family.type))
    return found.values()


class Fixed:
    """A collector of what has been collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        """Give it."""
        return self.families
