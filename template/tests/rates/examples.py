"""Valid requests of the operations on exchange rates."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example


async def one_currency(_: AsyncClient, __: AsyncSession) -> Call:
    """The rates of the euro."""
    return Call(query={"base": "EUR"})


EXAMPLES: dict[str, Example] = {"get_rates": one_currency, "get_rates_batch": one_currency}
