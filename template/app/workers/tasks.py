"""Celery's tasks, and the event loop in which a worker process runs them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import copy_context
from datetime import timedelta
from functools import cache
from importlib import import_module
from typing import Any, TypeVar
from uuid import UUID

import structlog
from celery import shared_task

import app.workers.handlers  # noqa: F401  (registers the handlers)
from app.core.config import Settings
from app.core.state import AppState
from app.db.base import utc_now
from app.db.session import open_database
from app.repositories.job import JobRepository
from app.workers.feature import CeleryDispatcher
from app.workers.runner import EXHAUSTED, JobRunner, publish
from app.workers.settings import JobSettings

SWEEP_BATCH_SIZE = 500
# The database knows which jobs are not done, so late acknowledgement is not needed. With it, a
# worker that loses a process and then its connection to Redis takes no more messages.
ACKS_LATE = False

T = TypeVar("T")

log = structlog.get_logger(__name__)


@asynccontextmanager
async def open_runner() -> AsyncGenerator[JobRunner, None]:
    """Open the database, the broker and what the features need in a worker."""
    state, settings = AppState(Settings.load()), JobSettings.load()
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(state.settings))
        dispatcher = CeleryDispatcher(settings)
        stack.callback(dispatcher.close)
        for feature in import_module("app.features").FEATURES:  # by name: it is the layer above
            await stack.enter_async_context(feature.worker_lifespan(state))
        yield JobRunner(database, settings, dispatcher, state.events, state.error_reporters)


class Runtime:
    """The event loop of a worker process, and its runner of jobs."""

    def __init__(self) -> None:
        self.loop = asyncio.Runner()
        self.opened = open_runner()
        self.runner = self.loop.run(self.opened.__aenter__())

    def run(self, work: Callable[[JobRunner], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine to its end, in a copy of the task's context."""
        return self.loop.run(work(self.runner), context=copy_context())

    def close(self) -> None:
        """Close the connections and the loop."""
        self.loop.run(self.opened.__aexit__(None, None, None))
        self.loop.close()


@cache
def runtime() -> Runtime:
    """Open the runtime of this process: connections do not survive a fork."""
    return Runtime()


def close_runtime() -> None:
    """Close the runtime, if this process has opened it."""
    if runtime.cache_info().currsize:
        runtime().close()
        runtime.cache_clear()


@shared_task(name="jobs.run", acks_late=ACKS_LATE)
def run(id: str) -> None:
    """Make one attempt at a job."""
    runtime().run(lambda runner: runner.run(UUID(id)))


@shared_task(name="jobs.sweep", acks_late=ACKS_LATE)
def sweep() -> None:
    """Dispatch the jobs again whose message was lost or whose worker is dead."""
    runtime().run(sweep_jobs)


@shared_task(name="jobs.purge", acks_late=ACKS_LATE)
def purge() -> None:
    """Delete the jobs that ended long ago: an example of a periodic task."""
    runtime().run(purge_jobs)


async def sweep_jobs(runner: JobRunner) -> None:
    """Sweep once. This is also the workers' heartbeat."""
    settings = runner.settings
    wait = timedelta(seconds=settings.job_patience_seconds)
    transactions = runner.database.transactions
    async with transactions.begin() as session:
        jobs = JobRepository(session)
        await jobs.heartbeat()
        ended = await jobs.fail_exhausted(settings.job_max_attempts, EXHAUSTED)
        for job in ended:
            log.error("job_exhausted", job_id=str(job.id))
            publish(runner.events, session, job)
    for job in ended:
        await delete_output(runner, job.id)
    queued = await asyncio.to_thread(runner.dispatcher.count_messages)
    if queued is None:  # nothing can be sent
        return
    async with transactions.begin() as session:
        lost = await JobRepository(session).mark_undispatched(wait, SWEEP_BATCH_SIZE, queued)
    for job_id in lost:
        log.info("job_redispatched", job_id=str(job_id))
        runner.dispatcher.dispatch(job_id)


async def delete_output(runner: JobRunner, id: UUID) -> None:
    """Delete what a job has written, or leave it to the purge: it may take too long."""
    try:
        async with runner.database.transactions.begin() as session:
            await JobRepository(session).delete_output(id)
    except Exception:
        log.exception("job_output_not_deleted", job_id=str(id))


async def purge_jobs(runner: JobRunner) -> None:
    """Purge in batches, each a short transaction."""
    before = utc_now() - timedelta(days=runner.settings.job_retention_days)
    while True:
        async with runner.database.transactions.begin() as session:
            deleted = await JobRepository(session).purge(before)
        log.info("jobs_purged", count=deleted)
        if not deleted:
            return
