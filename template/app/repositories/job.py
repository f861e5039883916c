"""Queries about jobs: of the API, and of the workers, whose changes are guarded statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, case, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from app.db.base import Base, utc_now
from app.models.job import Job, JobOutput, JobTotals, WorkerHeartbeat
from app.repositories.base import Repository
from app.schemas.job import JobQuery
from app.schemas.pagination import PageRows

INSERT = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
PURGE_BATCH_SIZE = 500


class JobRepository(Repository[Job]):
    """The jobs of one session."""

    model = Job

    async def insert(self, rows: Sequence[Mapping[str, Any]]) -> Sequence[Job]:
        """Insert jobs and return them, without those whose `key_hash` exists already."""
        if not rows:  # SQLAlchemy would insert one of defaults
            return []
        new = self._insert_into(Job).on_conflict_do_nothing(index_elements=["key_hash"])
        return (await self.session.scalars(new.returning(Job), rows)).all()

    async def by_key(self, key_hash: str) -> Job | None:
        """Find the job with an Idempotency-Key."""
        return await self.session.scalar(select(Job).where(Job.key_hash == key_hash))

    async def search(self, query: JobQuery, owner_id: UUID | None) -> PageRows:
        """Read one page of the owner's jobs; of all jobs, for None."""
        where = []
        if owner_id is not None:
            where.append(Job.owner_id == owner_id)
        if query.status is not None:
            where.append(Job.status == query.status)
        if query.q:
            where.append(Job.type.icontains(query.q, autoescape=True))
        return await self.page(query, query.sort, where)

    async def read_output(self, job: Job, position: int) -> str | None:
        """Read one chunk of the file that the job's last attempt wrote."""
        return await self.session.scalar(
            select(JobOutput.data).filter_by(job_id=job.id, attempt=job.attempts, position=position)
        )

    async def write_output(self, job: Job, position: int, data: str) -> None:
        """Store a chunk of the file that the attempt writes."""
        self.session.add(
            JobOutput(job_id=job.id, attempt=job.attempts, position=position, data=data)
        )
        await self.session.flush()

    async def claim(self, id: UUID, lease: timedelta, max_attempts: int) -> Job | None:
        """Begin an attempt and return the job; None if it is not due, or another worker has it."""
        now = utc_now()
        due = select(Job.id).where(Job.id == id, Job.due_at <= now, Job.attempts < max_attempts)
        # A row that another worker locks is skipped, and not waited for.
        free = due.with_for_update(skip_locked=True).scalar_subquery()
        values = {Job.status: "running", Job.attempts: Job.attempts + 1, Job.progress: 0}
        times = {Job.started_at: now, Job.due_at: now + lease, Job.announced_at: None}
        statement = update(Job).where(Job.id == free).values({**values, **times})
        return await self.session.scalar(statement.returning(Job))

    async def extend_lease(self, job: Job, lease: timedelta, progress: int) -> Job | None:
        """Renew the lease and return the job; None if a later attempt has begun."""
        return await self._update(job, due_at=utc_now() + lease, progress=progress)

    async def reschedule(self, job: Job, delay: timedelta) -> Job | None:
        """Queue the job for another attempt and return it; None if a later one has begun."""
        return await self._update(job, status="queued", due_at=utc_now() + delay)

    async def finish(self, job: Job, status: str, **values: Any) -> Job | None:
        """End the job and return it; None if a later attempt has begun.

        The payload is deleted: it may hold secrets, and no further attempt needs it.
        """
        values |= {"status": status, "due_at": None, "finished_at": utc_now(), "payload": {}}
        ended = await self._update(job, **values)
        if ended is not None:
            kept = job.attempts if status == "succeeded" else None
            outputs = delete(JobOutput).where(JobOutput.job_id == job.id)
            await self.session.execute(outputs.where(JobOutput.attempt.is_distinct_from(kept)))
        return ended

    async def _update(self, job: Job, **values: Any) -> Job | None:
        """Change the row, as long as no later attempt has begun."""
        held = update(Job).filter_by(id=job.id, status="running", attempts=job.attempts)
        return await self.session.scalar(held.values(values).returning(Job))

    async def mark_undispatched(self, wait: timedelta, limit: int, queued: int) -> Sequence[UUID]:
        """Pick due jobs that need a message: it was lost, or the worker is dead.

        `queued` messages wait in the broker. If at most as many jobs wait for theirs, none is lost;
        of more, those that were due first are taken: messages are read in order.
        """
        now, announced = utc_now(), Job.announced_at.is_not(None)
        waiting = select(func.count()).where(Job.due_at <= now, announced)
        lost = max((await self.session.scalar(waiting) or 0) - queued, 0)
        new = await self._mark_dispatched(Job.announced_at.is_(None), limit)
        return [*new, *await self._mark_dispatched(Job.announced_at < now - wait, min(lost, limit))]

    async def _mark_dispatched(self, needed: ColumnElement[bool], limit: int) -> Sequence[UUID]:
        now = utc_now()
        due = select(Job.id).where(Job.due_at <= now, needed).order_by(Job.due_at).limit(limit)
        # A CTE is read once; PostgreSQL may read a subquery again, and so beyond the limit.
        picked = due.with_for_update(skip_locked=True).cte("picked")
        statement = update(Job).where(Job.id.in_(select(picked.c.id))).values(announced_at=now)
        return (await self.session.scalars(statement.returning(Job.id))).all()

    async def fail_exhausted(self, max_attempts: int, error: str) -> Sequence[Job]:
        """End the jobs without a live worker that are cancelled or have no attempts left."""
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
        )
        return (await self.session.scalars(statement.returning(Job))).all()

    async def delete_output(self, id: UUID) -> None:
        """Delete what the attempts at a job have written."""
        await self.session.execute(delete(JobOutput).where(JobOutput.job_id == id))

    async def purge(self, before: datetime) -> int:
        """Delete a batch of jobs that ended earlier, and return how many. The totals keep them."""
        old = select(Job.id).where(Job.finished_at < before).limit(PURGE_BATCH_SIZE)
        statement = delete(Job).where(Job.id.in_(old)).returning(Job.type, Job.status)
        deleted = Counter((row.type, row.status) for row in await self.session.execute(statement))
        for (job_type, status), number in sorted(deleted.items()):
            key, total = {"type": job_type, "status": status}, {"count": JobTotals.count + number}
            row = self._insert_into(JobTotals).values(**key, count=number)
            await self.session.execute(row.on_conflict_do_update(index_elements=key, set_=total))
        return deleted.total()

    async def heartbeat(self) -> None:
        """Record that a worker runs the sweep. The heartbeat of one job is `extend_lease`."""
        seen = {"seen_at": utc_now()}
        row = self._insert_into(WorkerHeartbeat).values(name="sweeper", **seen)
        await self.session.execute(row.on_conflict_do_update(index_elements=["name"], set_=seen))

    async def has_live_worker(self, within: timedelta) -> bool:
        """Whether a heartbeat is recent enough, or a job is running."""
        now = utc_now()
        recent = exists().where(WorkerHeartbeat.seen_at > now - within)
        running = exists().where(Job.status == "running", Job.due_at > now)
        return bool(await self.session.scalar(select(or_(recent, running))))

    def _insert_into(self, model: type[Base]) -> Any:
        """Begin an INSERT with ON CONFLICT, which SQLAlchemy's own `insert` does not have."""
        return INSERT[self.session.get_bind().dialect.name](model)
