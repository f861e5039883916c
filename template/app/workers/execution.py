"""Making one attempt at one job: claimed, kept alive, and ended together with its effect."""

import asyncio
import random
import time
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from structlog.contextvars import bind_contextvars

from app.core.events import NO_EVENTS, Event, Events
from app.core.failures import Failures
from app.core.job import KINDS, JobFailedError, JobQueue
from app.core.metrics import observe
from app.db.session import Database
from app.models.job import Job
from app.repositories.job_queue import JobQueueRepository
from app.schemas.job import JobRead
from app.workers.context import JobContext
from app.workers.settings import JobSettings

FAILED = "The job failed, however often it was tried. The reason has been logged."
LONGEST_DELAY_SECONDS = 600
# Progress is written, and a wish to cancel noticed, so often.
PULSE_SECONDS = 2.0

log = structlog.get_logger(__name__)


class LostError(Exception):
    """Another worker took this one for dead, and has begun the job again."""


class CancelledJobError(Exception):
    """Somebody asked for the job to be cancelled."""


class Execution:
    """What it takes to run jobs."""

    def __init__(
        self,
        database: Database,
        settings: JobSettings,
        queue: JobQueue,
        events: Events = NO_EVENTS,
        failures: Failures | None = None,
    ) -> None:
        self.database = database
        self.settings = settings
        self.queue = queue
        self.events = events
        self.failures = failures or Failures()

    async def run(self, id: UUID) -> None:
        """Make an attempt at a job, if it is due and nobody else does."""
        bind_contextvars(job_id=str(id))
        job = await self._claim(id)
        if job is None:
            log.debug("job_not_due")
            return
        if job.request_id:
            bind_contextvars(request_id=job.request_id)
        bind_contextvars(job_type=job.type, attempt=job.attempts)
        log.info("job_started")
        await self._settle(job)

    async def _settle(self, job: Job) -> None:
        """Make the attempt, and let the job be what came of it."""
        began = time.monotonic()
        try:
            await self._attempt(job)
        except LostError:
            log.warning("job_lost")
        except CancelledJobError:
            await self._end(job, "cancelled")
        except JobFailedError as error:
            await self._end(job, "failed", str(error))
        except Exception as error:
            log.exception("job_attempt_failed")
            self.failures.tell(error, job.type, job.request_id or "")
            await self._retry(job)
        else:
            log.info("job_succeeded")
        finally:
            observe("job_duration_seconds", time.monotonic() - began, type=job.type)

    async def _claim(self, id: UUID) -> Job | None:
        async with self.database.transactions.begin() as session:
            job = await JobQueueRepository(session).claim(
                id, self.settings.lease, self.settings.job_max_attempts
            )
            tell(self.events, session, job)
            return job

    async def _attempt(self, job: Job) -> None:
        """Commit the effect and the success in one transaction, if the job is still ours."""
        kind = KINDS.get(job.type)
        if kind is None:
            raise JobFailedError("There is no such type of job any more.")
        try:
            payload = kind.payload.model_validate(job.payload)
        except ValidationError:
            raise JobFailedError("The payload does not fit the type of job any more.") from None
        async with self.database.transactions() as session:
            context = JobContext(job, self.database, session, self.queue)
            result = await self._alive(context, kind.handler(context, payload))
            values = {"progress": 100, "result": result}
            ended = await JobQueueRepository(session).end(job, "succeeded", **values)
            if ended is None:
                raise LostError
            tell(self.events, session, ended)
            await session.commit()

    async def _alive(self, context: JobContext, work: Awaitable[Any]) -> Any:
        """Await the handler while somebody renews its lease."""
        task = asyncio.ensure_future(work)
        pulse = asyncio.create_task(self._pulse(context, task))
        pulse.add_done_callback(hear)
        try:
            async with asyncio.timeout(self.settings.job_timeout_seconds):
                return await task
        except asyncio.CancelledError:
            if pulse.done():
                pulse.result()  # raises why
            raise
        finally:
            pulse.cancel()

    async def _pulse(self, context: JobContext, task: asyncio.Future[Any]) -> None:
        """Renew the lease until there is a reason to stop; a silent database is none."""
        while not task.done():  # a driver may take our cancellation for a failure of its own
            await asyncio.sleep(min(PULSE_SECONDS, self.settings.job_lease_seconds / 3))
            stop: bool | None = False
            with suppress(Exception):
                stop = await self._renew(context)
            if stop is not False:
                task.cancel()
                raise LostError if stop is None else CancelledJobError

    async def _renew(self, context: JobContext) -> bool | None:
        job, progress = context.job, context.percent
        async with self.database.transactions.begin() as session:
            stop = await JobQueueRepository(session).renew(job, self.settings.lease, progress)
            if stop is False and progress != job.progress:
                job.progress = progress
                tell(self.events, session, job)
            return stop

    async def _retry(self, job: Job) -> None:
        """Let another attempt follow, later and later, and not in step with other jobs'."""
        if job.attempts >= self.settings.job_max_attempts:
            await self._end(job, "failed", FAILED)
            return
        seconds = self.settings.job_retry_seconds * 2 ** (job.attempts - 1)
        spread = random.uniform(0.5, 1.5)  # noqa: S311
        delay = timedelta(seconds=min(seconds, LONGEST_DELAY_SECONDS) * spread)
        async with self.database.transactions.begin() as session:
            tell(self.events, session, await JobQueueRepository(session).postpone(job, delay))

    async def _end(self, job: Job, status: str, error: str | None = None) -> None:
        async with self.database.transactions.begin() as session:
            ended = await JobQueueRepository(session).end(job, status, error=error)
            tell(self.events, session, ended)
        log.warning("job_ended", status=status, error=error)


def tell(events: Events, session: AsyncSession, job: Job | None) -> None:
    """Tell the job's owner how it is, unless the job is another attempt's by now."""
    if job is not None:
        events.tell(session, Event("job.updated", job.owner_id, JobRead, job))


def hear(pulse: asyncio.Task[None]) -> None:
    """Take note of why it stopped: said too late, it does not matter, for the end is fenced."""
    if not pulse.cancelled():
        pulse.exception()
