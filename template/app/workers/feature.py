"""The feature `celery`: jobs are kept in the database and dispatched to workers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio.to_thread
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

import app.workers.handlers  # noqa: F401  (registers the handlers)
from app.core.feature import Feature, HealthCheck
from app.core.state import FastAPI
from app.repositories.job import JobRepository
from app.workers.dispatcher import CeleryDispatcher
from app.workers.settings import JobSettings

# Workers without a heartbeat for so long are reported as absent.
HEARTBEAT_TIMEOUT = timedelta(seconds=60)

log = structlog.get_logger(__name__)


class NoWorkerError(Exception):
    """No worker has sent a heartbeat recently."""


def _setup(app: FastAPI) -> None:
    app.state.job_queue = CeleryDispatcher(JobSettings.load())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    dispatcher = app.state.job_queue
    if not dispatcher.enabled:
        log.warning("no_broker", hint="jobs wait until CELERY_BROKER_URL or REDIS_URL is set")
    dispatcher.connect()
    yield
    await anyio.to_thread.run_sync(dispatcher.close)


def _health_check(app: FastAPI) -> HealthCheck | None:
    async def check() -> None:
        async with AsyncSession(app.state.database.health_engine) as session:
            if not await JobRepository(session).has_live_worker(HEARTBEAT_TIMEOUT):
                raise NoWorkerError

    # Requests are served without workers; without a broker, none are expected.
    return HealthCheck(check, if_unhealthy="absent") if app.state.job_queue.enabled else None


celery = Feature(name="celery", setup=_setup, lifespan=_lifespan, health_check=_health_check)
