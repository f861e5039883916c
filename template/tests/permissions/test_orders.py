"""Permissions of the example: its items, and the orders of others."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from tests.auth.fixtures import ClientOf
from tests.orders.factories import ORDERS, make_items, make_order
from tests.permissions.factories import make_holder
from tests.problems import assert_problem
from tests.routes import operations


def test_permissions_of_items_and_orders_are_the_documented_ones() -> None:
    required = {o.id: o.document["x-permission"] for o in operations(main.app)}

    assert {required[name] for name in ("create_item", "update_item", "delete_item")} == {
        "items:write"
    }
    assert {required[name] for name in ("list_orders", "get_order", "cancel_order")} == {"owner"}
    assert required["confirm_order"] == "orders:write"


async def test_orders_of_others_are_read_and_written_with_a_permission_each(
    user_client: AsyncClient, client_of: ClientOf, session: AsyncSession
) -> None:
    order = await make_order(user_client, *await make_items(session, 1))
    path = f"{ORDERS}/{order['id']}"
    reader = await client_of(await make_holder(session, "orders:read"))
    writer = await client_of(await make_holder(session, "orders:write"))

    assert (await reader.get(ORDERS)).json()["items"] == [order]
    assert (await reader.get(path)).json() == order
    assert_problem(await reader.post(f"{path}/cancel"), 404, "not_found")
    assert (await writer.get(ORDERS)).json()["items"] == []
    assert_problem(await writer.get(path), 404, "not_found")
    assert (await writer.post(f"{path}/cancel")).json()["status"] == "cancelled"
