"""The metrics, and their exposition. Import it late: prometheus_client reads the directory then."""

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
from prometheus_client.registry import Collector

from app.core.error_reporting import ErrorReport
from app.observability.metrics.multiprocess import DIRECTORY_VARIABLE, remove_dead_gauges

disable_created_metrics()

REGISTRY = CollectorRegistry()
BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


# What app/core/metrics.py records, by name.
RECORDED: dict[str, Counter | Histogram] = {}
# The labels of each metric, named without `_total`.
LABELS: dict[str, tuple[str, ...]] = {}


def counter(name: str, description: str, *labels: str) -> Counter:
    """Define a counter; its name ends in `_total`, which `increment` omits."""
    metric = Counter(name, description, labels, registry=REGISTRY)
    RECORDED[name.removesuffix("_total")] = metric
    LABELS[name.removesuffix("_total")] = labels
    return metric


def histogram(
    name: str, description: str, *labels: str, buckets: Sequence[float] = BUCKETS_SECONDS
) -> Histogram:
    """Define a histogram, for `observe`."""
    metric = Histogram(name, description, labels, buckets=buckets, registry=REGISTRY)
    RECORDED[name] = metric
    LABELS[name] = labels
    return metric


def gauge(name: str, description: str, *labels: str) -> Gauge:
    """Define a gauge, which is summed over all live processes."""
    LABELS[name] = labels
    return Gauge(name, description, labels, registry=REGISTRY, multiprocess_mode="livesum")


ERRORS = counter(
    "app_errors_total",
    "Errors answered with 5xx, or failed jobs, whose route is their type",
    "type",
    "route",
)
USERS = counter("users_registered_total", "Accounts registered")
JOB_DURATION = histogram(
    "job_duration_seconds",
    "Duration of one attempt at a job",
    "type",
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
GAUGES = {"websocket_connections": gauge("websocket_connections", "Open WebSockets")}


def record(name: str, amount: float, labels: Mapping[str, str]) -> None:
    """Record an event: the backend of app/core/metrics.py."""
    metric = RECORDED[name]
    child = metric.labels(**labels) if labels else metric
    if isinstance(child, Histogram):
        child.observe(amount)
    else:
        child.inc(amount)


def count_error(failure: ErrorReport) -> None:
    """Count an unexpected error."""
    ERRORS.labels(failure.type, failure.route).inc()


class StaticCollector(Collector):
    """A collector of families that have been collected already."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self.families = families

    def collect(self) -> Iterable[Metric]:
        """Return the families."""
        return self.families


def render(more: Iterable[Metric] = ()) -> bytes:
    """Return all metrics, and `more`, in Prometheus' text format."""
    return generate_latest(StaticCollector([*_collect(), *more]))


def _collect() -> Iterable[Metric]:
    directory = os.environ.get(DIRECTORY_VARIABLE)
    if not directory:
        return REGISTRY.collect()
    remove_dead_gauges(Path(directory))
    families = {f.name: f for f in MultiProcessCollector(None, directory).collect()}
    for family in REGISTRY.collect():  # what has no value yet is in no file
        families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
    return families.values()
