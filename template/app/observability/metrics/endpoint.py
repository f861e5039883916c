"""GET /metrics, and what is measured for it: what each process holds now, and what all use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeAlias

import anyio.to_thread
import psutil
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric

from app.core.state import FastAPI, Request
from app.db.engine import pool_state
from app.observability.metrics.definitions import GAUGES, gauge, render
from app.observability.metrics.feature import MetricsSettings, unauthorized
from app.observability.metrics.multiprocess import supervisor_pid

PATH = "/metrics"
# The maximum age of the gauges of another process than the one that is scraped.
INTERVAL_SECONDS = 2.0

POOL = gauge("db_pool_connections", "Database connections, in_use or idle", "state")
POOL_LIMIT = gauge("db_pool_connections_limit", "Maximum number of database connections")

Collector: TypeAlias = Callable[[], Awaitable[Iterable[Metric]]]

router = APIRouter(include_in_schema=False)


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


@router.get(PATH)
async def get_metrics(request: Request) -> Response:
    """Return all metrics in Prometheus' text format."""
    sampler = request.app.state.metrics
    authorization = request.headers.get("authorization", "")
    if not sampler.settings.admits(authorization):
        raise unauthorized(authorization)
    request.state.quiet = True  # scrapes would fill the access log
    sampler.sample()
    collected = [family for collect in sampler.collectors for family in await collect()]
    # Reading the processes and the files of all processes blocks.
    text = await anyio.to_thread.run_sync(
        lambda: render([*process_metrics(supervisor_pid()), *collected])
    )
    headers = {"Cache-Control": "no-store", "Content-Type": CONTENT_TYPE_PLAIN_0_0_4}
    return Response(text, headers=headers)
