"""Statistics about items."""

from decimal import Decimal

from sqlalchemy import Row, func, literal_column, select, type_coerce
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.db.types import Money
from app.models.item import Item
from app.schemas.statistics import Statistics
from app.services.item import ITEMS_KEY

# Makes SQLite add floating-point numbers, since whole cents could overflow. PostgreSQL adds
# decimals.
ONE = literal_column("1.0")


async def item_totals(session: AsyncSession) -> Row[int, int, int, Decimal]:
    """Count and add up all items, in one statement: all numbers are of one moment."""
    value = func.coalesce(func.sum(ONE * Item.price * Item.stock), 0)
    statement = select(
        func.count().label("items"),
        func.count().filter(Item.stock > 0).label("in_stock"),
        func.coalesce(func.sum(Item.stock), 0).label("units"),
        type_coerce(value, Money).label("value"),
    ).select_from(Item)
    return (await session.execute(statement)).one()


async def read_statistics(session: AsyncSession, cache: Cache) -> Cached[Statistics]:
    """Compute the totals, or read them from the cache: `invalidate_items` deletes them there."""

    async def load() -> Statistics:
        return Statistics.model_validate(await item_totals(session))

    return await cache.read(ITEMS_KEY, Statistics, load)
