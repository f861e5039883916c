"""Queries about API keys."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.api_key import ApiKey
from app.models.user import User
from app.repositories.auth import find_in_batches
from app.repositories.base import Repository

# Executed by every request with a key, so the statement is built once.
KEY_AND_USER = select(ApiKey, User).join(User, User.id == ApiKey.user_id)


class ApiKeyRepository(Repository[ApiKey]):
    """The API keys of one session."""

    model = ApiKey

    async def find(self, id: UUID | None) -> tuple[ApiKey, User] | None:
        """Return a key with its user, in one query."""
        return (await self.session.execute(KEY_AND_USER.where(ApiKey.id == id))).first()

    async def of_user(self, user_id: UUID) -> Sequence[ApiKey]:
        """Return the keys of a user, newest first."""
        statement = select(ApiKey).where(ApiKey.user_id == user_id).order_by(ApiKey.id.desc())
        return (await self.session.scalars(statement)).all()

    async def delete_of_user(self, user_id: UUID, id: UUID) -> bool:
        """Delete a key of a user. Return whether there was one."""
        statement = delete(ApiKey).where(ApiKey.id == id, ApiKey.user_id == user_id)
        return await self.session.scalar(statement.returning(ApiKey.id)) is not None


async def find_active_keys(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of the keys that have not expired and belong to an active user."""
    owned = select(ApiKey.id).join(User, User.id == ApiKey.user_id).where(User.is_active)
    statement = owned.where(ApiKey.expires_at > utc_now())
    return await find_in_batches(session, statement, ApiKey.id, ids)
