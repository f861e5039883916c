"""Queries about the login sessions of WebSocket connections."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User

BATCH_SIZE = 500


async def still_valid(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Return which of these sessions have not ended and belong to an active user."""
    valid: set[UUID] = set()
    asked = list(ids)
    for start in range(0, len(asked), BATCH_SIZE):
        statement = (
            select(LoginSession.id)
            .join(User, User.id == LoginSession.user_id)
            .where(LoginSession.id.in_(asked[start : start + BATCH_SIZE]), User.is_active)
            .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > utc_now())
        )
        valid.update(await session.scalars(statement))
    return valid
