"""Doing the jobs that wait, without a worker."""

from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.job import Job
from app.workers.execution import Execution
from app.workers.settings import JobSettings


class Notes:
    """A queue that only notes what is announced."""

    def __init__(self) -> None:
        self.announced: list[UUID] = []

    def announce(self, id: UUID) -> None:
        """Note it."""
        self.announced.append(id)


def settings(**changes: object) -> JobSettings:
    """Settings that need no patience."""
    return JobSettings.load().model_copy(update={"job_retry_seconds": 0, **changes})


async def run_due(app: FastAPI) -> None:
    """Do every job that is due, and those that come of it."""
    database = app.state.database
    execution = Execution(database, settings(), Notes())
    while ids := await due(app):
        for job_id in ids:
            await execution.run(job_id)


async def due(app: FastAPI) -> list[UUID]:
    """The jobs that a worker may begin."""
    async with AsyncSession(app.state.database.engine) as session:
        return list(await session.scalars(select(Job.id).where(Job.due_at <= utc_now())))
