"""The feature `celery`: jobs are kept in the database and dispatched to workers.

They are dispatched from a thread: Celery's client blocks, for 20 seconds if Redis is down.
"""

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar
from uuid import UUID

import anyio.to_thread
import structlog
from celery import Celery
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import get_contextvars

import app.workers.handlers  # noqa: F401  (registers the handlers)
from app.core.background_thread import BackgroundThread
from app.core.feature import Feature, HealthCheck
from app.core.job import JobDispatcher
from app.core.state import FastAPI
from app.repositories.job import JobRepository
from app.workers.settings import JOBS, REQUEST_ID_HEADER, JobSettings, celery_config

QUEUE_SIZE = 1000
# A broker that has just failed is not asked again for so long: the sweep dispatches the job later.
PAUSE_SECONDS = 2.0
SHUTDOWN_TIMEOUT_SECONDS = 1.0
# Workers without a heartbeat for so long, and for three sweeps, are reported as absent.
HEARTBEAT_TIMEOUT = timedelta(seconds=60)

T = TypeVar("T")

log = structlog.get_logger(__name__)


class CeleryDispatcher(JobDispatcher):
    """Sends messages in the background, at most once."""

    def __init__(self, settings: JobSettings) -> None:
        self.enabled = settings.broker is not None
        self.client = Celery("dispatcher", set_as_current=False)
        self.client.conf.update(celery_config(settings))
        self.thread = BackgroundThread("job-dispatcher", QUEUE_SIZE)
        self.paused_until = 0.0

    def dispatch(self, id: UUID) -> None:
        """Queue the message, and return at once."""
        if self.enabled and time.monotonic() >= self.paused_until:
            self.thread.submit(self._try, self._send, str(id))

    def connect(self) -> None:
        """Open the connection, which takes a while, before the first job needs it."""
        if self.enabled:
            self.thread.submit(self.count_messages)

    def close(self) -> None:
        """Send the queued messages, within the timeout."""
        self.thread.close(SHUTDOWN_TIMEOUT_SECONDS)

    def count_messages(self) -> int | None:
        """Count the messages that wait for a worker. Blocks; None if the broker does not answer."""
        return self._try(self._count)

    def _try(self, action: Callable[..., T], *arguments: str) -> T | None:
        if time.monotonic() < self.paused_until:
            return None
        try:
            return action(*arguments)
        except Exception as error:  # of Redis, AMQP, the network: all mean the same here
            self.paused_until = time.monotonic() + PAUSE_SECONDS
            log.warning("broker_unavailable", error=type(error).__name__)
            return None

    def _count(self) -> int:
        with self.client.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)
            queue: Any = self.client.amqp.queues[JOBS].bind(connection.channel())
            return queue.queue_declare().message_count

    def _send(self, id: str) -> None:
        headers = {REQUEST_ID_HEADER: get_contextvars().get("request_id")}
        self.client.send_task("jobs.run", [id], queue=JOBS, headers=headers)


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
    sweeps = timedelta(seconds=3 * JobSettings.load().job_sweep_seconds)
    timeout = max(HEARTBEAT_TIMEOUT, sweeps)

    async def check() -> None:
        async with AsyncSession(app.state.database.health_engine) as session:
            if not await JobRepository(session).has_live_worker(timeout):
                raise NoWorkerError

    # Requests are served without workers; without a broker, none are expected.
    return HealthCheck(check, if_unhealthy="absent") if app.state.job_queue.enabled else None


celery = Feature(name="celery", setup=_setup, lifespan=_lifespan, health_check=_health_check)
