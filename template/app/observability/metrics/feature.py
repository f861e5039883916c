"""The feature `metrics`."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import structlog
from fastapi import FastAPI
from starlette.datastructures import State

from app.core.feature import Feature
from app.core.metrics import set_backend
from app.observability.metrics.multiprocess import supervisor_pid, use_directory
from app.observability.metrics.settings import MetricsSettings

log = structlog.get_logger(__name__)


def _setup(app: FastAPI) -> None:
    use_directory(supervisor_pid())
    # Now, since prometheus_client reads the variable of the directory when it is imported.
    from app.observability.metrics.endpoint import GaugeSampler, router
    from app.observability.metrics.middleware import MetricsMiddleware

    settings = MetricsSettings.load()
    if settings.metrics_token is None and settings.environment == "production":
        log.warning("metrics_closed", hint="set METRICS_TOKEN to open /metrics")
    app.state.metrics = GaugeSampler(app, settings)
    app.include_router(router)
    app.add_middleware(MetricsMiddleware)
    _record(app.state)


def _record(state: State) -> None:
    import app.observability.metrics.business  # noqa: F401  (defines its metrics)
    from app.observability.metrics.definitions import RECORDED, count_error, record

    state.error_reporters.listeners.append(count_error)
    set_backend(record, RECORDED)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    sampling = asyncio.create_task(app.state.metrics.run())
    try:
        yield
    finally:
        sampling.cancel()


@asynccontextmanager
async def _worker(state: State) -> AsyncGenerator[None, None]:
    _record(state)  # in the directory of the parent process
    yield


metrics = Feature(
    name="metrics", after=("cors",), setup=_setup, lifespan=_lifespan, worker_lifespan=_worker
)
