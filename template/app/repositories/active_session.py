"""Finds which of many login sessions are still active."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User

# Of ids in one query.
BATCH_SIZE = 500


async def find_active_sessions(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of the sessions that have not ended and belong to an active user."""
    statement = (
        select(LoginSession.id)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > utc_now())
        .where(User.is_active)
    )
    return await find_in_batches(session, statement, LoginSession.id, ids)


async def find_in_batches(
    session: AsyncSession,
    statement: Select[UUID],
    column: InstrumentedAttribute[UUID],
    ids: Collection[UUID],
) -> set[UUID]:
    """Return what the statement selects of many ids."""
    found: set[UUID] = set()
    all_ids = list(ids)
    for start in range(0, len(all_ids), BATCH_SIZE):
        batch = all_ids[start : start + BATCH_SIZE]
        found.update(await session.scalars(statement.where(column.in_(batch))))
    return found
