"""Runs jobs: claims one, keeps its lease, and commits its effect together with its success."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bind_contextvars

from app.core.error_reporting import ErrorReporters
from app.core.events import NULL_PUBLISHER, Event, EventPublisher
from app.core.job import JOB_TYPES, JobDispatcher, JobFailedError
from app.core.metrics import Histogram
from app.db.session import Database
from app.models.job import Job
from app.repositories.job import JobRepository
from app.schemas.job import JobRead
from app.services.job import enqueue
from app.workers.settings import JobSettings

EXHAUSTED = "The job failed, however often it was tried. The reason has been logged."
MAX_DELAY_SECONDS = 600
# How often a running job renews its lease, stores its progress and looks whether it is cancelled.
HEARTBEAT_SECONDS = 2.0
BUCKETS_SECONDS = (0.1, 0.5, 1, 5, 15, 60, 300, 1800)
JOB_DURATION = Histogram(
    "job_duration_seconds", "Duration of one attempt at a job", BUCKETS_SECONDS, type=()
)

log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """The lease has expired, and another worker has begun the job again."""


class JobCancelledError(Exception):
    """The job is to be cancelled."""


@dataclass(slots=True)
class JobContext:
    """What a handler is given: one attempt at one job.

    What is changed through `session` is committed together with the job's success, or not at
    all. Use it last: on SQLite a transaction that writes blocks all others, `write` included.
    """

    job: Job
    database: Database
    session: AsyncSession
    dispatcher: JobDispatcher
    percent: int = 0
    chunks: int = 0

    def progress(self, done: int, total: int) -> None:
        """Set the progress, which the next heartbeat stores."""
        self.percent = min(100 * done // max(total, 1), 100)

    async def write(self, data: str) -> None:
        """Append a chunk to the job's file, in a transaction of its own."""
        async with self.database.transactions.begin() as session:
            await JobRepository(session).write_output(self.job, self.chunks, data)
        self.chunks += 1

    async def enqueue(self, rows: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """Add further jobs, which exist if this one succeeds, and return their ids."""
        return [job.id for job in await enqueue(self.session, self.dispatcher, rows)]


@dataclass(frozen=True, slots=True)
class JobRunner:
    """Runs jobs, with what the jobs of one worker process share."""

    database: Database
    settings: JobSettings
    dispatcher: JobDispatcher
    events: EventPublisher = NULL_PUBLISHER
    error_reporters: ErrorReporters = field(default_factory=ErrorReporters)

    async def run(self, id: UUID) -> None:
        """Make one attempt at a job, unless it is not due or another worker has it."""
        bind_contextvars(job_id=str(id))
        lease, max_attempts = self.settings.lease, self.settings.job_max_attempts
        job = await self._change(lambda jobs: jobs.claim(id, lease, max_attempts))
        if job is None:
            log.debug("job_not_due")
            return
        request = {"request_id": job.request_id} if job.request_id else {}
        bind_contextvars(**request, job_type=job.type, attempt=job.attempts)
        log.info("job_started")
        await self._settle(job)

    async def _settle(self, job: Job) -> None:
        """Make the attempt, and store how it ended."""
        started = time.monotonic()
        try:
            await self._attempt(job)
        except LeaseLostError:
            log.warning("job_lease_lost")
        except JobCancelledError:
            await self._finish(job, "cancelled")
        except JobFailedError as error:
            await self._finish(job, "failed", str(error))
        except Exception as error:
            log.exception("job_attempt_failed")
            self.error_reporters.report(error, job.type, job.request_id or "")
            await self._retry(job)
        else:
            log.info("job_succeeded")
        finally:
            JOB_DURATION.observe(time.monotonic() - started, type=job.type)

    async def _attempt(self, job: Job) -> None:
        """Run the handler, and commit its effect and the success in one transaction."""
        if (job_type := JOB_TYPES.get(job.type)) is None:
            raise JobFailedError("There is no such type of job any more.")
        try:
            payload = job_type.payload.model_validate(job.payload)
        except ValidationError:
            raise JobFailedError("The payload does not fit the type of job any more.") from None
        async with self.database.transactions() as session:
            context = JobContext(job, self.database, session, self.dispatcher)
            result = await self._run_handler(context, job_type.handler(context, payload))
            row = await JobRepository(session).finish(job, "succeeded", progress=100, result=result)
            if row is None:
                raise LeaseLostError
            publish(self.events, session, row)
            await session.commit()

    async def _run_handler(self, context: JobContext, work: Awaitable[Any]) -> Any:
        """Await the handler, while a second task renews the lease."""
        handler = asyncio.ensure_future(work)
        heartbeat = asyncio.create_task(self._heartbeat(context, handler))
        try:
            async with asyncio.timeout(self.settings.job_timeout_seconds):
                return await handler
        except asyncio.CancelledError:
            if heartbeat.done() and (reason := heartbeat.result()):
                raise reason from None
            raise
        finally:
            heartbeat.cancel()

    async def _heartbeat(self, context: JobContext, task: asyncio.Future[Any]) -> Exception | None:
        """Renew the lease until there is a reason to stop; a silent database is none."""
        while not task.done():  # a driver may swallow our cancellation
            await asyncio.sleep(min(HEARTBEAT_SECONDS, self.settings.job_lease_seconds / 3))
            with suppress(Exception):
                if reason := await self._renew(context):
                    task.cancel()
                    return reason
        return None

    async def _renew(self, context: JobContext) -> Exception | None:
        """Extend the lease and store the progress. Return the reason to stop, if there is one."""
        async with self.database.transactions.begin() as session:
            jobs = JobRepository(session)
            job = await jobs.extend_lease(context.job, self.settings.lease, context.percent)
            if job is None:
                return LeaseLostError()
            if job.cancel_requested:
                return JobCancelledError()
            if job.progress != context.job.progress:
                publish(self.events, session, job)
        context.job = job
        return None

    async def _retry(self, job: Job) -> None:
        """Schedule another attempt, with exponential backoff and jitter, or fail the job."""
        if job.attempts >= self.settings.job_max_attempts:
            await self._finish(job, "failed", EXHAUSTED)
            return
        seconds = min(self.settings.job_retry_seconds * 2 ** (job.attempts - 1), MAX_DELAY_SECONDS)
        delay = timedelta(seconds=seconds * random.uniform(0.5, 1.5))  # noqa: S311
        await self._change(lambda jobs: jobs.reschedule(job, delay))

    async def _finish(self, job: Job, status: str, error: str | None = None) -> None:
        await self._change(lambda jobs: jobs.finish(job, status, error=error))
        log.warning("job_ended", status=status, error=error)

    async def _change(self, change: Callable[[JobRepository], Awaitable[Job | None]]) -> Job | None:
        """Change a job in a transaction of its own, and publish the change."""
        async with self.database.transactions.begin() as session:
            if (job := await change(JobRepository(session))) is not None:
                publish(self.events, session, job)
            return job


def publish(events: EventPublisher, session: AsyncSession, job: Job) -> None:
    """Publish the job's new state to its owner, after the commit."""
    events.publish_event(session, Event("job.updated", job.owner_id, JobRead, job))
