"""Changes of orders are published to their owners after the commit."""

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_order, order_of
from tests.transactions import failing_commits
from tests.websocket.conftest import Join


async def test_the_owner_receives_every_change(
    join: Join, user: User, user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    owner, item = await join(user), await make_item(session)
    await owner.subscribe(f"user:{user.id}")

    made = await make_order(user_client, item)
    await client.post(f"{ORDERS}/{made['id']}/confirm")
    last = (await user_client.post(f"{ORDERS}/{made['id']}/cancel")).json()
    messages = [await owner.receive() for _ in range(3)]

    changes = [(m["data"]["event"], m["data"]["order"]["status"]) for m in messages]
    assert changes == [
        ("order.created", "pending"),
        ("order.updated", "confirmed"),
        ("order.updated", "cancelled"),
    ]
    assert {m["from"] for m in messages} == {None}
    assert {m["channel"] for m in messages} == {f"user:{user.id}"}
    assert (messages[0]["data"]["order"], messages[-1]["data"]["order"]) == (made, last)


async def test_a_change_that_is_not_committed_is_not_published(
    join: Join,
    user: User,
    user_client: AsyncClient,
    session: AsyncSession,
    database: Database,
    app: FastAPI,
) -> None:
    owner, item = await join(user), await make_item(session)
    await owner.subscribe(f"user:{user.id}")

    with failing_commits(database.engine):
        failed = await user_client.post(ORDERS, json=order_of(item))
    refused = await user_client.post(ORDERS, json=order_of(item, quantity=1000))

    assert (failed.status_code, refused.status_code) == (500, 409)
    assert await owner.waiting() == []
