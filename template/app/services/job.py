"""Asking for background jobs, and watching them."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from structlog.contextvars import get_contextvars

from app.core.after_commit import after_commit
from app.core.events import Event, Events
from app.core.exceptions import AppError, ConflictError, NotFoundError, PermissionDeniedError
from app.core.job import KINDS, JobQueue
from app.core.pagination import Slice
from app.db.base import utc_now
from app.models.job import Job
from app.repositories.job import JobRepository
from app.schemas.job import JobCreate, JobQuery, JobRead


class JobNotFoundError(NotFoundError):
    """No job of the caller's has this id."""

    detail = "There is no such job."


class JobWithoutFileError(NotFoundError):
    """The job makes no file, or has not made it yet."""

    detail = "The job has no file: it makes none, or has not succeeded yet."


class JobNotCancellableError(ConflictError):
    """What has ended can be stopped no more."""

    code = "job_not_cancellable"
    detail = "The job has ended already."


class IdempotencyKeyReusedError(AppError):
    """The key belongs to another request."""

    status = 422
    code = "validation_error"
    detail = "This Idempotency-Key came with another body before. Use a new one."


@dataclass(frozen=True, slots=True)
class Viewer:
    """On whose behalf jobs are read. Without an id, or as a superuser, all of them."""

    id: UUID | None = None
    is_superuser: bool = True

    @property
    def scope(self) -> UUID | None:
        """Whose jobs there are to see; None for everybody's."""
        return None if self.is_superuser else self.id


class JobService:
    """Jobs, in the caller's transaction."""

    def __init__(
        self, session: AsyncSession, queue: JobQueue, viewer: Viewer, events: Events
    ) -> None:
        self.session = session
        self.queue = queue
        self.viewer = viewer
        self.events = events
        self.jobs = JobRepository(session)

    async def page(self, query: JobQuery) -> Slice:
        """Read one page of the jobs the viewer may see."""
        return await self.jobs.search(query, self.viewer.scope)

    async def get(self, id: UUID, *, lock: bool = False) -> Job:
        """Read a job that the viewer may see."""
        job = await (self.jobs.get_for_update(id) if lock else self.jobs.get(id))
        if job is None or self.viewer.scope not in {None, job.owner_id}:
            raise JobNotFoundError
        return job

    async def create(self, data: JobCreate, key: str | None = None) -> Job:
        """Ask for a job. The same key and body ask for the same job."""
        if KINDS[data.type].superusers and not self.viewer.is_superuser:
            raise PermissionDeniedError
        body = data.model_dump_json()
        row = make_row(data.type, data.payload, key=f"{self.viewer.id}/{key}" if key else None)
        row |= {"owner_id": self.viewer.id, "body_hash": digest(body)}
        if ids := await enqueue(self.session, self.queue, [row]):
            job = await self.get(ids[0])
            self._tell("job.created", job)
            return job
        job = await self.jobs.by_key(row["key_hash"])
        if job is None or job.body_hash != digest(body):
            raise IdempotencyKeyReusedError
        return job

    async def cancel(self, id: UUID) -> Job:
        """Stop a job: at once if it waits; soon, if it runs."""
        job = await self.get(id, lock=True)
        if job.status == "queued":
            job.status, job.due_at, job.finished_at, job.payload = "cancelled", None, utc_now(), {}
        elif job.status == "running":
            job.cancel_requested = True
        else:
            raise JobNotCancellableError
        await self.session.flush()
        self._tell("job.updated", job)
        return job

    def _tell(self, event: str, job: Job) -> None:
        self.events.tell(self.session, Event(event, job.owner_id, JobRead, job))


def make_row(type: str, payload: Mapping[str, Any], key: str | None = None) -> dict[str, Any]:
    """Describe a job to `enqueue`. Of several with one key, only the first is added."""
    return {"type": type, "payload": payload, "key_hash": digest(key) if key else None}


async def enqueue(
    session: AsyncSession, queue: JobQueue, rows: Iterable[Mapping[str, Any]]
) -> list[UUID]:
    """Add jobs to the transaction, announce them after the commit, and return the new ids."""
    request_id = get_contextvars().get("request_id")
    ids = await JobRepository(session).insert([{"request_id": request_id, **row} for row in rows])

    async def announce() -> None:
        for added in ids:
            queue.announce(added)

    after_commit(session, announce)
    return ids


async def read_file(
    sessions: async_sessionmaker[AsyncSession], job: Job
) -> AsyncGenerator[str, None]:
    """Yield the pieces of the file that a job has made, each in a session of its own."""
    position = 0
    while True:
        async with sessions() as session:
            piece = await JobRepository(session).piece(job, position)
        if piece is None:
            return
        yield piece
        position += 1


def digest(text: str) -> str:
    """Sixty-four characters for any text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
