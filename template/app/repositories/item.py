"""Queries about items."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.db.session import fetch
from app.models.item import Item
from app.repositories.base import Repository
from app.schemas.item import ItemFilter


class ItemRepository(Repository[Item]):
    """The items of one session."""

    model = Item
    sortable = ("created_at", "name", "price", "stock")

    async def keyset_page(
        self,
        after: UUID | None,
        limit: int,
        where: Iterable[ColumnElement[bool]] = (),
        *,
        newest_first: bool = False,
    ) -> Sequence[Any]:
        """Read up to `limit` rows that follow the id `after`, in the order of their ids."""
        statement = select(*Item.__table__.columns).where(*where).limit(limit)
        if after is not None:
            statement = statement.where(Item.id < after if newest_first else Item.id > after)
        ordered = statement.order_by(Item.id.desc() if newest_first else Item.id)
        return await fetch(self.session, ordered)


def conditions_of(query: ItemFilter) -> list[ColumnElement[bool]]:
    """Translate the filters of a query to SQL."""
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
