"""How many jobs there are and were."""

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job, JobTally


class JobCountsRepository:
    """Counts of jobs, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def by_kind(self) -> Counter[tuple[str, str]]:
        """Count the jobs, those that were purged too, by type and status.

        In one statement: a job that is purged meanwhile would count twice, or not at all.
        """
        kept = select(Job.type, Job.status, func.count().label("number"))
        purged = select(JobTally.type, JobTally.status, JobTally.count)
        counts: Counter[tuple[str, str]] = Counter()
        rows = await self.session.execute(kept.group_by(Job.type, Job.status).union_all(purged))
        for kind, status, number in rows:
            counts[kind, status] += number
        return counts
