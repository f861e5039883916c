"""Background jobs."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, HasId, utc_now
from app.db.types import Timestamp


class Job(HasId, Base):
    """A job, which is its own outbox: the message to the workers carries only its id.

    `due_at` is when a worker may claim it: while it is queued, the earliest start; while it runs,
    the end of its worker's lease; None once it has ended.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')",
            name="status_known",
        ),
    )

    type: Mapped[str] = mapped_column(String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    status: Mapped[str] = mapped_column(String(20), default="queued")
    progress: Mapped[int] = mapped_column(default=0)
    # Also a fencing token: an attempt with an older number may write nothing.
    attempts: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    error: Mapped[str | None] = mapped_column(Text)
    # No foreign key: a service without users has no such table.
    owner_id: Mapped[UUID | None] = mapped_column(index=True)
    # Hashes of the owner with the Idempotency-Key, and of the body that came with it.
    key_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    body_hash: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(128))
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    due_at: Mapped[datetime | None] = mapped_column(Timestamp, default=utc_now, index=True)
    # When its message was last dispatched; None if it needs a new one.
    announced_at: Mapped[datetime | None] = mapped_column(Timestamp, default=utc_now)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=utc_now, index=True)
    started_at: Mapped[datetime | None] = mapped_column(Timestamp)
    finished_at: Mapped[datetime | None] = mapped_column(Timestamp, index=True)


class JobOutput(Base):
    """A chunk of the file that a job writes: the file is the chunks of the successful attempt.

    In the database, since server and workers share no disk. In chunks, each with a transaction of
    its own, so that neither memory nor a transaction has to hold the whole file.
    """

    __tablename__ = "job_outputs"

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    attempt: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[str] = mapped_column(Text)


class JobTotals(Base):
    """How many jobs of a type ended with a status and were purged since."""

    __tablename__ = "job_tallies"

    type: Mapped[str] = mapped_column(String(100), primary_key=True)
    status: Mapped[str] = mapped_column(String(20), primary_key=True)
    count: Mapped[int] = mapped_column(default=0)


class WorkerHeartbeat(Base):
    """When a worker last ran the sweep."""

    __tablename__ = "worker_signs"

    name: Mapped[str] = mapped_column(String(50), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(Timestamp)
