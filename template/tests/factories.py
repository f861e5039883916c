"""Factories of rows. These are yours: add what your tests need."""

from decimal import Decimal
from itertools import count
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item

numbers = count(1)


async def make_item(session: AsyncSession, **fields: Any) -> Item:
    """Add an item. Its name is new unless given."""
    defaults = {"name": f"Item {next(numbers)}", "price": Decimal("9.90"), "stock": 5}
    item = Item(**defaults | fields)
    session.add(item)
    await session.commit()
    return item
