"""What is measured now and then: how much of what each process holds is in use."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from fastapi import FastAPI
from prometheus_client.metrics_core import Metric

from app.core.diagnostics import pool_state
from app.observability.metrics import series
from app.observability.metrics.settings import MetricsSettings

# So old is what another process says of itself, at most.
INTERVAL_SECONDS = 2.0

Survey: TypeAlias = Callable[[], Awaitable[Iterable[Metric]]]


class Meter:
    """Reads the gauges of this process: the pool, and what is in `app.state.gauges`.

    `surveys` are asked at every scrape; they tell what is the same for all processes.
    """

    def __init__(self, app: FastAPI, settings: MetricsSettings) -> None:
        self.app = app
        self.settings = settings
        self.surveys: list[Survey] = []

    def sample(self) -> None:
        """Read them now."""
        pool = pool_state(self.app.state.database.engine)
        series.POOL.labels("in_use").set(pool.in_use)
        series.POOL.labels("idle").set(pool.idle)
        series.POOL_LIMIT.set(pool.limit)
        for name, read in self.app.state.gauges.items():
            if name not in series.GAUGES:
                series.GAUGES[name] = series.gauge(name, name.replace("_", " ").capitalize())
            series.GAUGES[name].set(read())

    async def keep_sampling(self) -> None:
        """Read them for the others, who cannot ask us when they are scraped."""
        while True:
            self.sample()
            await asyncio.sleep(INTERVAL_SECONDS)
