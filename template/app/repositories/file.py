"""Queries about files."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select

from app.models.file import File
from app.models.user import User
from app.repositories.base import Repository
from app.schemas.file import FileQuery
from app.schemas.pagination import PageRows


class FileRepository(Repository[File]):
    """The files of one session."""

    model = File
    sortable = ("created_at", "filename", "name", "size")

    async def search(self, query: FileQuery, owner_id: UUID) -> PageRows:
        """Return one page of a user's files."""
        where = [File.owner_id == owner_id]
        if query.q:
            where.append(File.filename.icontains(query.q, autoescape=True))
        return await self.page(query, query.sort, where)

    async def existing(self, ids: Collection[UUID]) -> set[UUID]:
        """Return which of these files exist."""
        return set(await self.session.scalars(select(File.id).where(File.id.in_(ids))))

    async def lock_owner(self, owner_id: UUID) -> bool:
        """Lock the owner, so that uploads are counted one by one; False if gone or disabled."""
        statement = select(User.is_active).where(User.id == owner_id)
        statement = statement.with_for_update(key_share=True)
        return bool(await self.session.scalar(statement))

    async def used_bytes(self, owner_id: UUID) -> int:
        """Return the total size of a user's files."""
        statement = select(func.sum(File.size)).where(File.owner_id == owner_id)
        return int(await self.session.scalar(statement) or 0)
