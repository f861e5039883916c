"""The metric of orders: it is incremented after the commit."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.factories import make_item
from tests.metrics.scrape import scrape
from tests.orders.factories import ORDERS


async def test_orders_are_counted_by_status(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session, stock=1)
    line = {"lines": [{"item_id": str(item.id), "quantity": 1}]}
    before = await scrape(client)

    order = (await client.post(ORDERS, json=line)).json()
    assert (await client.post(ORDERS, json=line)).status_code == 409
    for _ in range(2):
        await client.post(f"{ORDERS}/{order['id']}/confirm")
    for _ in range(2):
        await client.post(f"{ORDERS}/{order['id']}/cancel")

    after = await scrape(client)
    for status in ("pending", "confirmed", "cancelled"):
        grown = after.value("orders_total", status=status)
        assert grown - before.value("orders_total", status=status) == 1


async def test_it_exists_from_the_start(client: AsyncClient) -> None:
    assert "orders_total" in (await scrape(client)).names()
