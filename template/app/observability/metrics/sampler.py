"""Gauges: what each process holds now, and what all processes use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

import psutil
from fastapi import FastAPI
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.core.diagnostics import pool_state
from app.observability.metrics.definitions import GAUGES, gauge
from app.observability.metrics.settings import MetricsSettings

# The maximum age of the gauges of another process than the one that is scraped.
INTERVAL_SECONDS = 2.0

POOL = gauge("db_pool_connections", "Database connections, in_use or idle", "state")
POOL_LIMIT = gauge("db_pool_connections_limit", "Maximum number of database connections")

Collector: TypeAlias = Callable[[], Awaitable[Iterable[Metric]]]


class GaugeSampler:
    """Reads the gauges of this process: the pool, and those in `app.state.gauges`.

    `collectors` are collected at every scrape; their values are the same for all processes.
    """

    def __init__(self, app: FastAPI, settings: MetricsSettings) -> None:
        self.app = app
        self.settings = settings
        self.collectors: list[Collector] = []

    def sample(self) -> None:
        """Read them now."""
        pool = pool_state(self.app.state.database.engine)
        POOL.labels("in_use").set(pool.in_use)
        POOL.labels("idle").set(pool.idle)
        POOL_LIMIT.set(pool.limit)
        for name, read in self.app.state.gauges.items():
            if name not in GAUGES:
                GAUGES[name] = gauge(name, name.replace("_", " ").capitalize())
            GAUGES[name].set(read())

    async def run(self) -> None:
        """Read them periodically, for scrapes that another process answers."""
        while True:
            self.sample()
            await asyncio.sleep(INTERVAL_SECONDS)


def process_metrics(supervisor: int | None) -> Iterator[Metric]:
    """Measure this process, or all of a supervisor. Ended ones count in their parent's time."""
    processes = [psutil.Process(supervisor)]
    if supervisor is not None:
        processes += processes[0].children(recursive=True)
    seconds = memory = 0.0
    for process in processes:
        with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
            times = process.cpu_times()
            seconds += times.user + times.system + times.children_user + times.children_system
            memory += process.memory_info().rss
    yield CounterMetricFamily("process_cpu_seconds", "CPU time used", value=seconds)
    yield GaugeMetricFamily("process_resident_memory_bytes", "Memory used", value=memory)
