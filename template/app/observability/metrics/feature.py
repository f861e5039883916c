"""Metrics as a feature."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.datastructures import State

from app.core.counts import count_with
from app.core.feature import Feature
from app.observability.metrics.folder import leave, share_with, supervisor
from app.observability.metrics.settings import MetricsSettings

log = structlog.get_logger(__name__)


def _setup(app: FastAPI) -> None:
    share_with(supervisor())
    # Not before: prometheus_client looks for the folder when it is imported.
    from app.observability.metrics import series
    from app.observability.metrics.endpoint import router
    from app.observability.metrics.meter import Meter
    from app.observability.metrics.middleware import MetricsMiddleware

    settings = MetricsSettings.load()
    if settings.metrics_token is None and settings.environment == "production":
        log.warning("metrics_closed", hint="set METRICS_TOKEN to open /metrics")
    app.state.metrics = Meter(app, settings)
    app.state.failures.listeners.append(series.count_failure)
    app.include_router(router)
    app.add_middleware(MetricsMiddleware)
    count_with(series.count, series.COUNTED)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    sampling = asyncio.create_task(app.state.metrics.keep_sampling())
    try:
        yield
    finally:
        sampling.cancel()
        if folder := share_with(supervisor()):
            leave(folder)


@asynccontextmanager
async def _worker(state: State) -> AsyncGenerator[None, None]:
    # Its folder is the one of the worker that has started it.
    from app.observability.metrics import series

    state.failures.listeners.append(series.count_failure)
    count_with(series.count, series.COUNTED)
    yield


metrics = Feature(name="metrics", after=("cors",), setup=_setup, lifespan=_lifespan, worker=_worker)
