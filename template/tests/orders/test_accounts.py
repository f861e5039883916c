"""Orders of an account that is deleted."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import USERS
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_order


async def test_orders_remain_when_the_account_is_deleted(
    client: AsyncClient, user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    order = await make_order(user_client, await make_item(session))

    await client.delete(f"{USERS}/{user.id}")

    kept = (await client.get(f"{ORDERS}/{order['id']}")).json()
    assert kept == order | {"owner_id": None}
    assert (await client.get(ORDERS)).json()["items"] == [kept]
