"""Queries about jobs, as those see them who ask for them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.pagination import Slice
from app.db.base import Base
from app.models.job import Job, JobOutput
from app.repositories.base import Repository
from app.schemas.job import JobQuery

INSERT = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}


def insert_into(session: AsyncSession, model: type[Base]) -> Any:
    """Begin an INSERT that knows ON CONFLICT, which SQLAlchemy's own does not."""
    return INSERT[session.get_bind().dialect.name](model)


class JobRepository(Repository[Job]):
    """The jobs of one session."""

    model = Job

    async def insert(self, rows: Sequence[Mapping[str, Any]]) -> list[UUID]:
        """Add jobs, but none whose `key_hash` is there already. Return the ids of the new ones."""
        new = insert_into(self.session, Job)
        statement = new.on_conflict_do_nothing(index_elements=["key_hash"])
        return list(await self.session.scalars(statement.returning(Job.id), rows))

    async def by_key(self, key_hash: str) -> Job | None:
        """Find the job that came with an Idempotency-Key."""
        return await self.session.scalar(select(Job).where(Job.key_hash == key_hash))

    async def search(self, query: JobQuery, owner_id: UUID | None) -> Slice:
        """Read one page of somebody's jobs; of everybody's, for None."""
        where = []
        if owner_id is not None:
            where.append(Job.owner_id == owner_id)
        if query.status is not None:
            where.append(Job.status == query.status)
        if query.q:
            where.append(Job.type.icontains(query.q, autoescape=True))
        return await self.page(query, query.sort, where)

    async def piece(self, job: Job, position: int) -> str | None:
        """Read one piece of the file that the job's last attempt made."""
        statement = select(JobOutput.data).where(
            JobOutput.job_id == job.id,
            JobOutput.attempt == job.attempts,
            JobOutput.position == position,
        )
        return await self.session.scalar(statement)
