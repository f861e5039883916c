"""What can be said of all items together."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.repositories.statistics import StatisticsRepository
from app.schemas.statistics import Statistics
from app.services.item import STATISTICS


class StatisticsService:
    """Sums, kept until an item changes: see `forget_items`."""

    def __init__(self, session: AsyncSession, cache: Cache) -> None:
        self.statistics = StatisticsRepository(session)
        self.cache = cache

    async def read(self) -> Cached[Statistics]:
        """Add everything up, unless that was done since the last change."""

        async def load() -> Statistics:
            return Statistics.model_validate(await self.statistics.items())

        return await self.cache.read(STATISTICS, Statistics, load)
