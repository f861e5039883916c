"""Valid requests of the operations on items."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.examples import Call, Example
from tests.items.factories import make_item, new_item_body


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_item(client: AsyncClient, _: AsyncSession) -> Call:
    """An item that does not exist yet."""
    return Call(json=await new_item_body(client))


async def existing_item(client: AsyncClient, _: AsyncSession) -> Call:
    """An item that no row refers to."""
    return Call(path={"item_id": (await make_item(client))["id"]})


async def changed_item(client: AsyncClient, _: AsyncSession) -> Call:
    """New values for an item."""
    item = await make_item(client)
    return Call(path={"item_id": item["id"]}, json=await new_item_body(client))


EXAMPLES: dict[str, Example] = {
    "list_items": nothing,
    "create_item": new_item,
    "get_item": existing_item,
    "update_item": changed_item,
    "delete_item": existing_item,
}
