"""The tasks that Celery carries. They only say that there is something to do."""

from datetime import timedelta
from uuid import UUID

import structlog
from celery import shared_task

import app.workers.handlers  # noqa: F401  (registers the handlers)
from app.db.base import utc_now
from app.repositories.job_queue import JobQueueRepository
from app.workers.execution import FAILED, Execution, tell
from app.workers.runtime import Runtime, runtime

SWEEP_LIMIT = 500
# The database knows what is not done, so these messages need no late acknowledgement. With it, a
# worker that loses a process and then its connection to Redis takes no message any more.
ACKS_LATE = False

log = structlog.get_logger(__name__)


@shared_task(name="jobs.run", acks_late=ACKS_LATE)
def run(id: str) -> None:
    """Make an attempt at a job."""

    async def work(this: Runtime) -> None:
        execution = Execution(
            this.database, this.settings, this.publisher, this.events, this.failures
        )
        await execution.run(UUID(id))

    runtime().run(work)


@shared_task(name="jobs.sweep", acks_late=ACKS_LATE)
def sweep() -> None:
    """Find the jobs whose message was lost or whose worker is dead, and announce them again."""
    runtime().run(sweep_jobs)


@shared_task(name="jobs.purge", acks_late=ACKS_LATE)
def purge() -> None:
    """Delete the jobs that ended long ago: an example of what is done every night."""
    runtime().run(purge_jobs)


async def sweep_jobs(this: Runtime) -> None:
    """Sweep once. It is also the workers' sign of life."""
    settings = this.settings
    patience = timedelta(seconds=settings.job_patience_seconds)
    async with this.database.transactions.begin() as session:
        jobs = JobQueueRepository(session)
        await jobs.sign()
        for given_up in await jobs.give_up(settings.job_max_attempts, FAILED):
            log.error("job_given_up", job_id=str(given_up.id))
            tell(this.events, session, given_up)
        overdue = await jobs.overdue(patience, SWEEP_LIMIT)
    for found in overdue:
        log.info("job_found", job_id=str(found))
        this.publisher.announce(found)


async def purge_jobs(this: Runtime) -> None:
    """Purge, a batch at a time: each is a short transaction."""
    before = utc_now() - timedelta(days=this.settings.job_retention_days)
    deleted = -1
    while deleted:
        async with this.database.transactions.begin() as session:
            deleted = await JobQueueRepository(session).purge(before)
        log.info("jobs_purged", count=deleted)
