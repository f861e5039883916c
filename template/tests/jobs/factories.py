"""Factories of jobs."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, null, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job, JobOutput
from tests.jobs.report_job import REPORT

JOBS = "/api/v1/jobs"
CREATE = {"type": REPORT, "payload": {}}
# A plain None would be replaced by the column's default.
NEVER = null()
ENDED: dict[str, Any] = {"due_at": NEVER, "attempts": 1}


async def make_job(session: AsyncSession, *, file: Sequence[str] = (), **fields: Any) -> Job:
    """Add a queued report; with `file`, one that has succeeded and written it."""
    result = {"filename": "report.csv", "content_type": "text/csv"}
    done = ENDED | {"status": "succeeded", "progress": 100, "result": result} if file else {}
    job = Job(**CREATE | done | fields)
    session.add(job)
    await session.flush()
    for position, data in enumerate(file):
        session.add(JobOutput(job_id=job.id, attempt=1, position=position, data=data))
    await session.commit()
    return job


async def count(session: AsyncSession) -> int | None:
    """Count all jobs."""
    return await session.scalar(select(func.count()).select_from(Job))
