"""Valid requests of the operations that every service has."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


EXAMPLES: dict[str, Example] = {
    "get_health": nothing,
    "get_liveness": nothing,
    "get_readiness": nothing,
    "get_health_details": nothing,
}
