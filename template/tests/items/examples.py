"""Valid requests of the operations on items."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example
from tests.factories import make_item


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_item(_: AsyncClient, __: AsyncSession) -> Call:
    """An item that does not exist yet."""
    return Call(json={"name": "Teapot", "price": "24.90"})


async def existing_item(_: AsyncClient, session: AsyncSession) -> Call:
    """An item that no row refers to."""
    return Call(path={"item_id": (await make_item(session)).id})


async def changed_item(_: AsyncClient, session: AsyncSession) -> Call:
    """New stock for an item."""
    return Call(path={"item_id": (await make_item(session)).id}, json={"stock": 7})


EXAMPLES: dict[str, Example] = {
    "list_items": nothing,
    "export_items": nothing,
    "create_item": new_item,
    "get_item": existing_item,
    "update_item": changed_item,
    "delete_item": existing_item,
}
