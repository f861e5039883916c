"""Sums over whole tables."""

from decimal import Decimal

from sqlalchemy import Row, func, literal_column, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.types import Money
from app.models.item import Item

# SQLite then adds up floating-point numbers, which are rounded where whole cents would overflow.
# To PostgreSQL it is a decimal like any other.
ONE = literal_column("1.0")


class StatisticsRepository:
    """One statement, so that all numbers are of one moment."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def items(self) -> Row[int, int, int, Decimal]:
        """Count and add up all items."""
        value = func.coalesce(func.sum(ONE * Item.price * Item.stock), 0)
        statement = select(
            func.count().label("items"),
            func.count().filter(Item.stock > 0).label("in_stock"),
            func.coalesce(func.sum(Item.stock), 0).label("units"),
            type_coerce(value, Money).label("value"),
        ).select_from(Item)
        return (await self.session.execute(statement)).one()
