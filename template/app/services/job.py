"""Adding background jobs, reading and cancelling them."""

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.contextvars import get_contextvars

from app.core.after_commit import after_commit
from app.core.events import Event, EventPublisher
from app.core.exceptions import AppError, ConflictError, NotFoundError, PermissionDeniedError
from app.core.job import JOB_TYPES, JobDispatcher
from app.db.base import utc_now
from app.models.job import Job
from app.repositories.job import JobRepository
from app.schemas.job import JobCreate, JobQuery, JobRead
from app.schemas.pagination import PageRows


class JobNotFoundError(NotFoundError):
    """There is no such job, or it belongs to another user."""

    detail = "There is no such job."


class JobWithoutFileError(NotFoundError):
    """The job writes no file, or has not succeeded yet."""

    detail = "The job has no file: it makes none, or has not succeeded yet."


class JobNotCancellableError(ConflictError):
    """The job has ended."""

    code = "job_not_cancellable"
    detail = "The job has ended already."


class IdempotencyKeyReusedError(AppError):
    """The key belongs to another request."""

    status = 422
    code = "validation_error"
    detail = "This Idempotency-Key came with another body before. Use a new one."
    loc = ("header", "Idempotency-Key")


@dataclass(frozen=True, slots=True)
class JobScope:
    """Which jobs a caller may see: their own; all of them as a superuser, or without users."""

    user_id: UUID | None = None
    is_superuser: bool = True

    @property
    def owner_id(self) -> UUID | None:
        """Whose jobs are visible; None for all."""
        return None if self.is_superuser else self.user_id


class JobService:
    """Jobs, in the caller's transaction."""

    def __init__(
        self,
        session: AsyncSession,
        dispatcher: JobDispatcher,
        scope: JobScope,
        events: EventPublisher,
    ) -> None:
        self.session = session
        self.dispatcher = dispatcher
        self.scope = scope
        self.events = events
        self.jobs = JobRepository(session)

    async def page(self, query: JobQuery) -> PageRows:
        """Read one page of the visible jobs."""
        return await self.jobs.search(query, self.scope.owner_id)

    async def get(self, id: UUID, *, lock: bool = False) -> Job:
        """Read a visible job."""
        job = await (self.jobs.get_for_update(id) if lock else self.jobs.get(id))
        if job is None or self.scope.owner_id not in {None, job.owner_id}:
            raise JobNotFoundError
        return job

    async def create(self, data: JobCreate, key: str | None = None) -> Job:
        """Add a job, or return the one that was added with the same key and body."""
        if JOB_TYPES[data.type].superusers and not self.scope.is_superuser:
            raise PermissionDeniedError
        user_id, body_hash = self.scope.user_id, sha256_hex(data.model_dump_json())
        row = job_row(data.type, data.payload, key=f"{user_id}/{key}" if key else None)
        row |= {"owner_id": user_id, "body_hash": body_hash}
        if added := await enqueue(self.session, self.dispatcher, [row]):
            self._publish("job.created", added[0])
            return added[0]
        existing = await self.jobs.by_key(row["key_hash"])
        if existing is None or existing.body_hash != body_hash:
            raise IdempotencyKeyReusedError
        return existing

    async def cancel(self, id: UUID) -> Job:
        """Cancel a queued job; ask the worker of a running one to stop it."""
        job = await self.get(id, lock=True)
        if job.status == "queued":
            job.status, job.due_at, job.finished_at, job.payload = "cancelled", None, utc_now(), {}
        elif job.status == "running":
            job.cancel_requested = True
        else:
            raise JobNotCancellableError
        await self.session.flush()
        self._publish("job.updated", job)
        return job

    def _publish(self, event: str, job: Job) -> None:
        self.events.publish_event(self.session, Event(event, job.owner_id, JobRead, job))


def job_row(type: str, payload: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """Make the row of a job for `enqueue`. Of several rows with one key, only one is added."""
    return {"type": type, "payload": payload, "key_hash": sha256_hex(key) if key else None}


async def enqueue(
    session: AsyncSession, dispatcher: JobDispatcher, rows: Iterable[Mapping[str, Any]]
) -> Sequence[Job]:
    """Add jobs to the transaction, dispatch them after the commit, and return the new ones."""
    request_id = get_contextvars().get("request_id")
    jobs = await JobRepository(session).insert([{"request_id": request_id, **row} for row in rows])

    async def dispatch() -> None:
        for job in jobs:
            dispatcher.dispatch(job.id)

    after_commit(session, dispatch)
    return jobs


async def read_file(
    sessions: async_sessionmaker[AsyncSession], job: Job
) -> AsyncGenerator[str, None]:
    """Yield the chunks of the file that a job has written, each in a session of its own."""
    for position in count():
        async with sessions() as session:
            chunk = await JobRepository(session).read_output(job, position)
        if chunk is None:
            return
        yield chunk


def sha256_hex(text: str) -> str:
    """Hash a text to 64 characters."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
