"""Queries about items."""

from sqlalchemy import ColumnElement, or_

from app.models.item import Item
from app.repositories.base import Repository
from app.schemas.item import ItemFilter


class ItemRepository(Repository[Item]):
    """The items of one session."""

    model = Item
    sortable = ("created_at", "name", "description", "price", "stock")


def conditions_of(query: ItemFilter) -> list[ColumnElement[bool]]:
    """Translate the filters of a query to SQL."""
    conditions: list[ColumnElement[bool]] = []
    if query.q:
        texts = [
            Item.name.icontains(query.q, autoescape=True),
            Item.description.icontains(query.q, autoescape=True),
        ]
        conditions.append(or_(*texts))
    if query.name is not None:
        conditions.append(Item.name == query.name)
    if query.min_price is not None:
        conditions.append(Item.price >= query.min_price)
    if query.max_price is not None:
        conditions.append(Item.price <= query.max_price)
    if query.min_stock is not None:
        conditions.append(Item.stock >= query.min_stock)
    if query.max_stock is not None:
        conditions.append(Item.stock <= query.max_stock)
    if query.in_stock is not None:
        conditions.append(Item.stock > 0 if query.in_stock else Item.stock <= 0)
    return conditions
