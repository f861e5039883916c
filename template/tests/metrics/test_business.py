"""The metrics of users and orders: they are incremented after the commit."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from tests.factories import make_item
from tests.metrics.scrape import scrape
from tests.transactions import failing_commits

ORDERS = "/api/v1/orders"
USERS = "users_registered_total"
ACCOUNT = {"email": "ada@example.com", "password": "correct horse battery"}


async def test_an_account_is_counted_when_it_is_committed(
    client: AsyncClient, database: Database
) -> None:
    before = (await scrape(client)).value(USERS)

    with failing_commits(database.engine):
        failed = await client.post("/api/v1/auth/register", json=ACCOUNT)
    between = (await scrape(client)).value(USERS)
    done = [await client.post("/api/v1/auth/register", json=ACCOUNT) for _ in range(2)]

    assert [answer.status_code for answer in (failed, *done)] == [500, 201, 409]
    assert (between - before, (await scrape(client)).value(USERS) - before) == (0, 1)


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
