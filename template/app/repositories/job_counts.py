"""How many jobs there are and were."""

from collections import Counter

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job, JobTally


class JobCountsRepository:
    """Counts of jobs, in one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def present(self) -> Counter[tuple[str, str]]:
        """Count the jobs that are kept, by type and status."""
        rows = select(Job.type, Job.status, func.count()).group_by(Job.type, Job.status)
        return Counter({(kind, status): n for kind, status, n in await self.session.execute(rows)})

    async def deleted(self) -> Counter[tuple[str, str]]:
        """Count the jobs that were purged, by type and status."""
        tallies = await self.session.scalars(select(JobTally))
        return Counter({(tally.type, tally.status): tally.count for tally in tallies})
