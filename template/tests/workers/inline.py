"""Runs queued jobs in this process, without a worker."""

from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.job import Job
from app.workers.runner import JobRunner
from app.workers.settings import JobSettings


class RecordingDispatcher:
    """A dispatcher that only records the ids; `messages` wait in its broker."""

    def __init__(self) -> None:
        self.dispatched: list[UUID] = []
        self.messages: int | None = 0

    def dispatch(self, id: UUID) -> None:
        """Record the id."""
        self.dispatched.append(id)

    def count_messages(self) -> int | None:
        """Return the number."""
        return self.messages


def settings(**changes: object) -> JobSettings:
    """Settings with which retries are due at once."""
    return JobSettings.load().model_copy(update={"job_retry_seconds": 0, **changes})


async def run_due(app: FastAPI) -> None:
    """Run all due jobs, and those that they add."""
    database = app.state.database
    runner = JobRunner(database, settings(), RecordingDispatcher())
    while ids := await due(app):
        for job_id in ids:
            await runner.run(job_id)


async def due(app: FastAPI) -> list[UUID]:
    """The jobs that a worker may claim."""
    async with AsyncSession(app.state.database.engine) as session:
        return list(await session.scalars(select(Job.id).where(Job.due_at <= utc_now())))
