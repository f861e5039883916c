"""Queries about jobs, as the workers see them. Every change is one guarded statement."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.job import Job, JobOutput, JobTally, WorkerSign
from app.repositories.job import insert_into

SWEEPER = "sweeper"
PURGE_BATCH = 500


class JobQueueRepository:
    """The queue, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def claim(self, id: UUID, lease: timedelta, max_attempts: int) -> Job | None:
        """Begin an attempt, unless another worker has begun it: of many who ask, one gets it."""
        now = utc_now()
        # Who comes second must not wait for the first.
        due = select(Job.id).where(Job.id == id, Job.due_at <= now, Job.attempts < max_attempts)
        statement = (
            update(Job)
            .where(Job.id == due.with_for_update(skip_locked=True).scalar_subquery())
            .values(
                status="running",
                progress=0,
                attempts=Job.attempts + 1,
                due_at=now + lease,
                announced_at=None,
                started_at=now,
            )
            .returning(Job)
        )
        return await self.session.scalar(statement)

    async def renew(self, job: Job, lease: timedelta, progress: int) -> bool | None:
        """Go on with an attempt. Return whether to stop; None if it is somebody else's by now."""
        statement = (
            update(Job)
            .where(*_held(job))
            .values(due_at=utc_now() + lease, progress=progress)
            .returning(Job.cancel_requested)
        )
        return await self.session.scalar(statement)

    async def end(self, job: Job, status: str, **values: Any) -> Job | None:
        """End the job and return it; None if the attempt is not the last one any more.

        The payload goes: it is needed no more, and may hold what only the job should know.
        """
        values |= {"status": status, "due_at": None, "finished_at": utc_now(), "payload": {}}
        statement = update(Job).where(*_held(job)).values(values).returning(Job)
        ended = await self.session.scalar(statement)
        if ended is None:
            return None
        kept = job.attempts if status == "succeeded" else None
        useless = delete(JobOutput).where(
            JobOutput.job_id == job.id, JobOutput.attempt.is_distinct_from(kept)
        )
        await self.session.execute(useless)
        return ended

    async def postpone(self, job: Job, delay: timedelta) -> Job | None:
        """Let another attempt follow after a while, and return the job."""
        values = {"status": "queued", "due_at": utc_now() + delay}
        statement = update(Job).where(*_held(job)).values(values).returning(Job)
        return await self.session.scalar(statement)

    async def write(self, job: Job, position: int, data: str) -> None:
        """Keep a piece of the file that the attempt makes."""
        self.session.add(
            JobOutput(job_id=job.id, attempt=job.attempts, position=position, data=data)
        )
        await self.session.flush()

    async def overdue(self, patience: timedelta, limit: int) -> Sequence[UUID]:
        """Pick jobs that nobody has begun: their message was lost, or their worker is dead."""
        now = utc_now()
        waiting = or_(Job.announced_at.is_(None), Job.announced_at < now - patience)
        due = select(Job.id).where(Job.due_at <= now, waiting).order_by(Job.due_at).limit(limit)
        # A CTE is read once; PostgreSQL may read a subquery again, and so beyond the limit.
        picked = due.with_for_update(skip_locked=True).cte("picked")
        statement = (
            update(Job)
            .where(Job.id.in_(select(picked.c.id)))
            .values(announced_at=now)
            .returning(Job.id)
        )
        return (await self.session.scalars(statement)).all()

    async def give_up(self, max_attempts: int, error: str) -> Sequence[Job]:
        """End the jobs that nobody runs and nobody should begin again."""
        now, cancelled = utc_now(), Job.cancel_requested
        statement = (
            update(Job)
            .where(Job.due_at <= now, or_(cancelled, Job.attempts >= max_attempts))
            .values(
                status=case((cancelled, "cancelled"), else_="failed"),
                error=case((cancelled, None), else_=error),
                due_at=None,
                finished_at=now,
                payload={},
            )
            .returning(Job)
        )
        return (await self.session.scalars(statement)).all()

    async def purge(self, before: datetime) -> int:
        """Delete some of the jobs that ended long ago, and return how many. They are tallied."""
        old = select(Job.id).where(Job.finished_at < before).limit(PURGE_BATCH)
        statement = delete(Job).where(Job.id.in_(old)).returning(Job.type, Job.status)
        deleted = Counter((row.type, row.status) for row in await self.session.execute(statement))
        for (kind, status), number in sorted(deleted.items()):
            key, total = {"type": kind, "status": status}, {"count": JobTally.count + number}
            row = insert_into(self.session, JobTally).values(**key, count=number)
            await self.session.execute(row.on_conflict_do_update(index_elements=key, set_=total))
        return deleted.total()

    async def sign(self) -> None:
        """Leave a sign of life, as other workers may be doing."""
        seen = {"seen_at": utc_now()}
        row = insert_into(self.session, WorkerSign).values(name=SWEEPER, **seen)
        await self.session.execute(row.on_conflict_do_update(index_elements=["name"], set_=seen))

    async def is_alive(self, within: timedelta) -> bool:
        """Whether a worker has left a sign of late, or is in the middle of a job."""
        now = utc_now()
        signed = exists().where(WorkerSign.seen_at > now - within)
        busy = exists().where(Job.status == "running", Job.due_at > now)
        return bool(await self.session.scalar(select(or_(signed, busy))))


def _held(job: Job) -> tuple[ColumnElement[bool], ...]:
    """The row, as long as no later attempt has begun."""
    return Job.id == job.id, Job.status == "running", Job.attempts == job.attempts
