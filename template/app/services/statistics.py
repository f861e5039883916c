"""Statistics about items."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.repositories.statistics import item_totals
from app.schemas.statistics import Statistics
from app.services.item import ITEMS_KEY


async def read_statistics(session: AsyncSession, cache: Cache) -> Cached[Statistics]:
    """Compute the totals, or read them from the cache: `invalidate_items` deletes them there."""

    async def load() -> Statistics:
        return Statistics.model_validate(await item_totals(session))

    return await cache.read(ITEMS_KEY, Statistics, load)
