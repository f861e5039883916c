"""Queries of version 2 about items."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from app.repositories.item import conditions_of
from app.schemas.item import ItemFilter


async def items_before(
    session: AsyncSession, query: ItemFilter, id: UUID | None, limit: int
) -> Sequence[Any]:
    """Read up to `limit` matching rows with lesser ids, the greatest first.

    Ids are unique, never change, and grow with time: that makes a walk exact, newest first.
    """
    statement = select(*Item.__table__.columns).where(*conditions_of(query))
    if id is not None:
        statement = statement.where(Item.id < id)
    return (await session.execute(statement.order_by(Item.id.desc()).limit(limit))).all()
