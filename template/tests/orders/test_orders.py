"""Create orders."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.item import Item
from app.models.order import Order
from app.models.user import User
from tests.auth.fixtures import Mailbox
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_items, make_order, order_of
from tests.problems import assert_problem
from tests.transactions import failing_commits

ITEMS = "/api/v1/items"


async def test_a_created_order_is_the_one_that_is_stored(
    user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    item = await make_item(session)

    response = await user_client.post(ORDERS, json=order_of(item, quantity=3))

    order = response.json()
    assert (response.status_code, order["status"], order["owner_id"]) == (
        *(201, "pending", str(user.id)),
    )
    assert order["lines"] == [{"item_id": str(item.id), "quantity": 3, "unit_price": "9.90"}]
    assert order["total"] == "29.70"
    assert (await user_client.get(response.headers["location"])).json() == order
    assert response.headers["cache-control"] == "no-store"


async def test_the_total_is_exact(user_client: AsyncClient, session: AsyncSession) -> None:
    cheap = await make_item(session, price="0.10", stock=1000)
    dear = await make_item(session, price="9999999999.99", stock=1000)

    order = await make_order(user_client, cheap, dear, quantity=1000)

    assert order["total"] == "10000000000090.00"


async def test_an_order_keeps_the_prices_at_its_time(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session)
    order = await make_order(user_client, item)

    await client.patch(f"{ITEMS}/{item.id}", json={"price": "99.00"})

    assert (await user_client.get(f"{ORDERS}/{order['id']}")).json() == order
    assert (await make_order(user_client, item))["total"] == "99.00"


async def test_an_item_may_stand_on_several_lines(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, stock=5)

    too_many = await user_client.post(ORDERS, json=order_of(item, item, quantity=3))
    order = await make_order(user_client, item, item, quantity=2)

    assert_problem(too_many, 409, "insufficient_stock")
    assert [line["quantity"] for line in order["lines"]] == [2, 2]
    assert order["total"] == "39.60"
    assert await session.scalar(select(Item.stock)) == 1


async def test_lines_keep_their_order(user_client: AsyncClient, session: AsyncSession) -> None:
    items = (await make_items(session, 5))[::-1]

    order = await make_order(user_client, *items)

    expected = [str(item.id) for item in items]
    assert [line["item_id"] for line in order["lines"]] == expected
    again = (await user_client.get(f"{ORDERS}/{order['id']}")).json()
    assert [line["item_id"] for line in again["lines"]] == expected


async def test_fifty_lines_are_allowed_and_no_more(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, stock=50)

    response = await user_client.post(ORDERS, json=order_of(*[item] * 51))

    assert_problem(response, 422, "validation_error")
    assert len((await make_order(user_client, *[item] * 50))["lines"]) == 50


LINE = {"item_id": str(UUID(int=1)), "quantity": 1}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"lines": []},
        *({"lines": [LINE | {"quantity": wrong}]} for wrong in (0, -1, 1001, 1.5, True, "2")),
        {"lines": [LINE | {"item_id": "teapot"}]},
        {"lines": [LINE | {"unit_price": "0.01"}]},
        {"lines": [LINE], "owner_id": str(UUID(int=2))},
        {"lines": [LINE], "status": "confirmed"},
    ],
    ids=str,
)
async def test_a_body_that_is_no_order_is_refused(
    user_client: AsyncClient, body: dict[str, Any]
) -> None:
    assert_problem(await user_client.post(ORDERS, json=body), 422, "validation_error")


async def test_an_unknown_item_cannot_be_ordered(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, stock=5)

    response = await user_client.post(ORDERS, json=order_of(item, Item(id=uuid4())))

    assert_problem(response, 404, "not_found")
    assert await session.scalar(select(Item.stock)) == 5


async def test_an_order_without_enough_of_one_item_takes_none(
    user_client: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    await make_item(session, name="plenty", stock=5)
    items = [*await session.scalars(select(Item)), await make_item(session, stock=1)]

    response = await user_client.post(ORDERS, json=order_of(*items, quantity=2))

    assert_problem(response, 409, "insufficient_stock")
    assert sorted(await session.scalars(select(Item.stock))) == [1, 5]
    assert await session.scalar(select(Order.id)) is None
    assert await mailbox() == []


async def test_stock_that_moves_makes_a_new_version_of_the_item(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    path = f"{ITEMS}/{(item := await make_item(session)).id}"
    tag = (await client.get(path)).headers["etag"]

    order = await make_order(user_client, item)
    late = await client.patch(path, json={"stock": 9}, headers={"If-Match": tag})
    await user_client.post(f"{ORDERS}/{order['id']}/cancel")

    assert_problem(late, 412, "precondition_failed")
    assert (await client.get(path)).headers["etag"] == '"3"'


async def test_an_item_that_was_ordered_cannot_be_deleted(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session)
    await make_order(user_client, item)

    assert_problem(await client.delete(f"{ITEMS}/{item.id}"), 409, "conflict")


async def test_an_order_is_confirmed_by_mail(
    user_client: AsyncClient, session: AsyncSession, user: User, mailbox: Mailbox
) -> None:
    item = await make_item(session, name="<b>Teapot</b>")

    order = await make_order(user_client, item, quantity=2)

    [mail] = await mailbox()
    assert (mail["to"], mail["template"]) == (user.email, "order_confirmation")
    assert mail["context"] == {
        "name": user.email,
        "order_id": order["id"],
        "lines": "2 x <b>Teapot</b> at 9.90",
        "total": "19.80",
    }
    assert order["id"] in mail["subject"]
    assert "<b>" not in mail["html"]


async def test_an_order_that_is_not_committed_is_not_confirmed(
    user_client: AsyncClient, session: AsyncSession, database: Database, mailbox: Mailbox
) -> None:
    item = await make_item(session, stock=5)

    with failing_commits(database.engine):
        response = await user_client.post(ORDERS, json=order_of(item))

    assert response.status_code >= 500
    assert await mailbox() == []
    assert await session.scalar(select(Item.stock)) == 5
