"""What a handler is given."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.job import JobQueue
from app.db.session import Database
from app.models.job import Job
from app.repositories.job_queue import JobQueueRepository
from app.services.job import enqueue


class JobContext:
    """One attempt at one job.

    What is changed through `session` is committed together with the job's success, or not at
    all. Use it last: on SQLite nobody else can write meanwhile, not even `write`.
    """

    def __init__(
        self, job: Job, database: Database, session: AsyncSession, queue: JobQueue
    ) -> None:
        self.job = job
        self.database = database
        self.session = session
        self.queue = queue
        self.percent = 0
        self._pieces = 0

    def progress(self, done: int, total: int) -> None:
        """Say how far it is. The next heartbeat tells it to those who ask."""
        self.percent = min(100 * done // max(total, 1), 100)

    async def write(self, data: str) -> None:
        """Add a piece to the file that the job makes, in a transaction of its own."""
        async with self.database.transactions.begin() as session:
            await JobQueueRepository(session).write(self.job, self._pieces, data)
        self._pieces += 1

    async def enqueue(self, rows: Iterable[Mapping[str, Any]]) -> list[UUID]:
        """Ask for further jobs, which exist if this one succeeds."""
        return await enqueue(self.session, self.queue, rows)
