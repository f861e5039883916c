"""Access to orders, lists, confirmation and cancellation."""

from uuid import uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import make_user
from tests.auth.fixtures import ClientOf
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_items, make_order, order_of
from tests.problems import assert_problem
from tests.transactions import recorded_statements


async def ids(client: AsyncClient, **query: str | int) -> list[str]:
    response = await client.get(ORDERS, params=query)
    assert response.status_code == 200, response.text
    return [order["id"] for order in response.json()["items"]]


@pytest.fixture
async def other_client(client_of: ClientOf, session: AsyncSession) -> AsyncClient:
    """A client of another ordinary user."""
    return await client_of(await make_user(session))


async def test_users_see_their_own_orders_and_superusers_all(
    user_client: AsyncClient, other_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session)
    mine = await make_order(user_client, item)
    theirs = await make_order(other_client, item)

    assert await ids(user_client) == [mine["id"]]
    assert await ids(other_client) == [theirs["id"]]
    assert await ids(client) == [theirs["id"], mine["id"]]
    assert (await client.get(f"{ORDERS}/{mine['id']}")).json() == mine


@pytest.mark.parametrize(("method", "path"), [("GET", ""), ("POST", "/cancel")])
async def test_orders_of_other_users_are_not_found(
    user_client: AsyncClient,
    other_client: AsyncClient,
    session: AsyncSession,
    method: str,
    path: str,
) -> None:
    order = await make_order(other_client, await make_item(session))

    for unseen in (order["id"], uuid4()):
        response = await user_client.request(method, f"{ORDERS}/{unseen}{path}")

        assert_problem(response, 404, "not_found")
    assert (await other_client.get(f"{ORDERS}/{order['id']}")).json() == order


async def test_orders_are_listed_in_pages_with_their_lines(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    items = await make_items(session, 3)
    orders = [await make_order(user_client, item, items[0]) for item in items][::-1]

    response = await user_client.get(ORDERS, params={"size": 2})

    page = response.json()
    assert page.pop("items") == orders[:2]
    assert page == {"total": 3, "page": 1, "size": 2, "pages": 2, "has_next": True}
    assert response.headers["cache-control"] == "no-store"
    beyond = (await user_client.get(ORDERS, params={"page": 9})).json()
    assert (beyond["items"], beyond["total"], beyond["has_next"]) == ([], 3, False)


async def test_orders_are_sorted_and_filtered(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session)
    first, second = [await make_order(user_client, item, quantity=n) for n in (2, 1)]
    await user_client.post(f"{ORDERS}/{first['id']}/cancel")

    assert await ids(user_client, sort="total") == [second["id"], first["id"]]
    assert await ids(user_client, sort="-total") == [first["id"], second["id"]]
    assert await ids(user_client, sort="created_at") == [first["id"], second["id"]]
    assert await ids(user_client, status="pending") == [second["id"]]
    assert await ids(user_client, q="CANCEL") == [first["id"]]
    assert await ids(user_client, q="%") == []


async def test_a_list_of_orders_takes_three_queries_however_long(
    user_client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    items = await make_items(session, 2)
    for _ in range(5):
        await make_order(user_client, *items)

    with recorded_statements(database.engine) as statements:
        assert len(await ids(user_client)) == 5

    assert len(statements) == 3  # the caller, the orders, their lines


async def test_an_order_takes_five_statements_however_many_lines_it_has(
    user_client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    body = order_of(*await make_items(session, 10))

    with recorded_statements(database.engine) as statements:
        assert (await user_client.post(ORDERS, json=body)).status_code == 201

    # The caller, the items, their stock, the order, its lines; the mail may be a job's.
    assert len([text for text in statements if "INTO jobs" not in text]) == 5


async def test_a_superuser_confirms_orders(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    order = await make_order(user_client, await make_item(session))
    path = f"{ORDERS}/{order['id']}"

    assert_problem(await user_client.post(f"{path}/confirm"), 403, "permission_denied")
    response = await client.post(f"{path}/confirm")

    assert (response.status_code, response.json()["status"]) == (200, "confirmed")
    assert (await user_client.get(path)).json() == response.json()
    assert response.json()["updated_at"] > order["updated_at"]


async def test_a_cancelled_order_cannot_be_confirmed(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    order = await make_order(user_client, await make_item(session))
    await user_client.post(f"{ORDERS}/{order['id']}/cancel")

    response = await client.post(f"{ORDERS}/{order['id']}/confirm")

    assert_problem(response, 409, "conflict")
    assert_problem(await client.post(f"{ORDERS}/{uuid4()}/confirm"), 404, "not_found")


async def test_a_superuser_cancels_for_others(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession, user: User
) -> None:
    order = await make_order(user_client, await make_item(session))

    response = await client.post(f"{ORDERS}/{order['id']}/cancel")

    assert (response.json()["status"], response.json()["owner_id"]) == ("cancelled", str(user.id))
