"""Jobs as a feature: kept in the database, and announced to the workers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta

import anyio.to_thread
import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

import app.workers.handlers  # noqa: F401  (registers the handlers)
from app.core.feature import Feature
from app.core.probe import Probe
from app.repositories.job_queue import JobQueueRepository
from app.workers.publisher import Publisher
from app.workers.settings import JobSettings

# Workers that say nothing for so long are missed.
SILENCE = timedelta(seconds=60)

log = structlog.get_logger(__name__)


class NoWorkerError(Exception):
    """No worker has given a sign of life of late."""


def _setup(app: FastAPI) -> None:
    app.state.job_queue = Publisher(JobSettings.load())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    publisher: Publisher = app.state.job_queue
    if not publisher.enabled:
        log.warning("no_broker", hint="jobs wait until CELERY_BROKER_URL or REDIS_URL is set")
    publisher.warm()
    yield
    await anyio.to_thread.run_sync(publisher.close)


def _probe(app: FastAPI) -> Probe | None:
    async def ask() -> None:
        async with AsyncSession(app.state.database.probe) as session:
            if not await JobQueueRepository(session).is_alive(SILENCE):
                raise NoWorkerError

    # Requests are served without workers; and without a broker, none are expected.
    return Probe(ask, otherwise="absent") if app.state.job_queue.enabled else None


celery = Feature(name="celery", setup=_setup, lifespan=_lifespan, probe=_probe)
