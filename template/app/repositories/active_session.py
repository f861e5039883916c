"""Finds which of many login sessions are still active."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User

# Of ids in one query.
BATCH_SIZE = 500


async def find_active_sessions(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of the sessions that have not ended and belong to an active user."""
    active: set[UUID] = set()
    all_ids = list(ids)
    for start in range(0, len(all_ids), BATCH_SIZE):
        statement = (
            select(LoginSession.id)
            .join(User, User.id == LoginSession.user_id)
            .where(LoginSession.id.in_(all_ids[start : start + BATCH_SIZE]), User.is_active)
            .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > utc_now())
        )
        active.update(await session.scalars(statement))
    return active
