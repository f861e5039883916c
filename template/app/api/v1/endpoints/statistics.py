"""/api/v1/statistics."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.api.deps import CacheDep, SessionDep
from app.api.headers import cache_headers
from app.schemas.statistics import Statistics
from app.services.statistics import StatisticsService

router = APIRouter(prefix="/statistics", tags=["Items"])


async def get_statistics_service(session: SessionDep, cache: CacheDep) -> StatisticsService:
    """Statistics in the request's session."""
    return StatisticsService(session, cache)


StatisticsServiceDep = Annotated[StatisticsService, Depends(get_statistics_service)]


@router.get("")
async def get_statistics(statistics: StatisticsServiceDep, response: Response) -> Statistics:
    """Read how much there is of everything, and what it is worth."""
    found = await statistics.read()
    # We forget what has changed; a cache on the way could not.
    response.headers.update({"Cache-Control": "no-cache", **cache_headers(found.hit)})
    return found.value
