"""The metrics, and their exposition. Import it late: prometheus_client reads the directory then."""

import os
from collections.abc import Callable, Iterable
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

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

from app.core import metrics
from app.observability.metrics.multiprocess import DIRECTORY_VARIABLE, remove_dead_gauges

disable_created_metrics()

REGISTRY = CollectorRegistry()
# The labels of each metric, named without `_total`.
LABELS: dict[str, tuple[str, ...]] = {}


@cache
def define(declared: metrics.Metric) -> Callable[..., Any]:
    """Define a declared metric, and return the function that finds its child with given labels."""
    labels = LABELS[declared.name.removesuffix("_total")] = tuple(declared.labels)
    arguments = (declared.name, declared.help, labels)
    metric: Counter | Histogram
    if isinstance(declared, metrics.Histogram):
        metric = Histogram(*arguments, buckets=declared.buckets, registry=REGISTRY)
    else:
        metric = Counter(*arguments, registry=REGISTRY)
    if not labels:
        return lambda: metric
    for values in product(*declared.labels.values()):
        metric.labels(*values)
    return cache(metric.labels)  # finding it takes longer than counting


def gauge(name: str, description: str, *labels: str) -> Gauge:
    """Define a gauge, which is summed over all live processes."""
    LABELS[name] = labels
    return Gauge(name, description, labels, registry=REGISTRY, multiprocess_mode="livesum")


GAUGES = {"websocket_connections": gauge("websocket_connections", "Open WebSockets")}


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
