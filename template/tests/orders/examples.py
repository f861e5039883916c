"""Valid requests of the operations on orders."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example
from tests.factories import make_item
from tests.orders.factories import make_order, order_of


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_order(_: AsyncClient, session: AsyncSession) -> Call:
    """An order of what is in stock."""
    return Call(json=order_of(await make_item(session)))


async def existing_order(client: AsyncClient, session: AsyncSession) -> Call:
    """An order of the caller's."""
    order = await make_order(client, await make_item(session))
    return Call(path={"order_id": order["id"]})


EXAMPLES: dict[str, Example] = {
    "list_orders": nothing,
    "create_order": new_order,
    "get_order": existing_order,
    "cancel_order": existing_order,
    "confirm_order": existing_order,
}
