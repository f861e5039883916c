"""Orders invalidate the cache of their items, if there is one."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.factories import make_item
from tests.orders.factories import ORDERS, make_order

STATISTICS = "/api/v1/statistics"


async def read(client: AsyncClient, url: str) -> set[int]:
    """The stock of the only item, read alone and, if there is a cache, in the statistics."""
    item, statistics = await client.get(url), await client.get(STATISTICS)
    units = [statistics.json()["units"]] if statistics.status_code == 200 else []
    return {item.json()["stock"], *units}


async def test_stock_is_right_after_ordering_and_cancelling(
    client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, stock=5)
    url = f"/api/v1/items/{item.id}"
    before = await read(client, url)

    order = await make_order(client, item, quantity=2)
    ordered = await read(client, url)
    await client.post(f"{ORDERS}/{order['id']}/cancel")

    assert (before, ordered, await read(client, url)) == ({5}, {3}, {5})
