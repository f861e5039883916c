"""Orders of an account that is deleted."""

from httpx2 import AsyncClient
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import USERS
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_order
from tests.transactions import send_before_commit


async def test_orders_remain_when_the_account_is_deleted(
    client: AsyncClient, user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    order = await make_order(user_client, await make_item(session))

    await client.delete(f"{USERS}/{user.id}")

    kept = (await client.get(f"{ORDERS}/{order['id']}")).json()
    assert kept == order | {"owner_id": None}
    assert (await client.get(ORDERS)).json()["items"] == [kept]


async def test_an_order_of_an_account_that_is_deleted_meanwhile_is_refused(
    user_client: AsyncClient, session: AsyncSession, user: User, database: Database
) -> None:
    item = await make_item(session, stock=3)
    body = {"lines": [{"item_id": str(item.id), "quantity": 1}]}

    async with database.transactions() as other:
        await other.execute(delete(User).where(User.id == user.id))
        response = await send_before_commit(user_client.post(ORDERS, json=body), other)

    assert response.status_code in {401, 409}, response.text  # SQLite has one writer
    assert response.json()["code"] in {"token_revoked", "conflict"}
    await session.refresh(item)
    assert item.stock == 3
