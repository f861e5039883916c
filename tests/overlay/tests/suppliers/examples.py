"""Good requests about suppliers."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs nothing."""
    return Call()


EXAMPLES: dict[str, Example] = {"list_suppliers": nothing}
