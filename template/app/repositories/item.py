"""Queries about items."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.core.pagination import Slice
from app.models.item import Item
from app.repositories.base import Repository
from app.schemas.item import ItemFilter, ItemQuery


class ItemRepository(Repository[Item]):
    """The items of one session."""

    model = Item
    sortable = ("created_at", "name", "price", "stock")

    async def search(self, query: ItemQuery) -> Slice:
        """Read one page of the items that match."""
        return await self.page(query, query.sort, conditions_of(query))

    async def after(self, id: UUID | None, limit: int) -> Sequence[Any]:
        """Read up to `limit` rows that follow `id`, in the order of their ids."""
        statement = select(*Item.__table__.columns).order_by(Item.id).limit(limit)
        if id is not None:
            statement = statement.where(Item.id > id)
        return (await self.session.execute(statement)).all()


def conditions_of(query: ItemFilter) -> list[ColumnElement[bool]]:
    """Say in SQL which items the query means."""
    conditions: list[ColumnElement[bool]] = []
    if query.q:
        conditions.append(Item.name.icontains(query.q, autoescape=True))
    if query.min_price is not None:
        conditions.append(Item.price >= query.min_price)
    if query.max_price is not None:
        conditions.append(Item.price <= query.max_price)
    if query.in_stock is not None:
        conditions.append(Item.stock > 0 if query.in_stock else Item.stock == 0)
    return conditions
