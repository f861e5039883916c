"""/api/v1/statistics: totals over all items, cached."""

from fastapi import Response

from app.api.deps import PrefixRouter, SessionDep
from app.api.responses import cache_headers
from app.core.state import Request
from app.schemas.statistics import Statistics
from app.services.statistics import read_statistics

read_router = PrefixRouter(prefix="/statistics", tags=["Items"])


@read_router.get("")
async def get_statistics(session: SessionDep, request: Request, response: Response) -> Statistics:
    """Read the totals over all items."""
    found = await read_statistics(session, request.app.state.cache)
    # Our cache is invalidated by changes; a cache between would not be.
    response.headers.update({"Cache-Control": "no-cache", **cache_headers(found.hit)})
    return found.value
