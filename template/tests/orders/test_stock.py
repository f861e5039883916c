"""Concurrent orders and cancellations."""

import asyncio
from collections import Counter

from httpx2 import AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from app.models.order import OrderLine
from app.models.user import User
from tests.auth.factories import bearer
from tests.clients import connect
from tests.conftest import MakeApp
from tests.factories import make_item
from tests.orders.factories import ORDERS, make_items, make_order, order_of
from tests.problems import assert_problem

# So many requests wait longer for a connection than DB_POOL_TIMEOUT allows by default.
LONG_POOL_TIMEOUT = {"DB_POOL_TIMEOUT": "30"}


async def cancel(client: AsyncClient, order: dict[str, str]) -> Response:
    return await client.post(f"{ORDERS}/{order['id']}/cancel")


async def test_concurrent_orders_never_oversell(
    make_app: MakeApp, session: AsyncSession, user: User
) -> None:
    item = await make_item(session, stock=20)
    app = await make_app(**LONG_POOL_TIMEOUT)
    async with connect(app, await bearer(app, session, user)) as client:
        body = order_of(item, quantity=2)
        responses = await asyncio.gather(*(client.post(ORDERS, json=body) for _ in range(50)))

    assert Counter(response.status_code for response in responses) == {201: 10, 409: 40}
    assert await session.scalar(select(Item.stock)) == 0
    assert await session.scalar(select(func.sum(OrderLine.quantity))) == 20


async def test_orders_of_the_same_items_in_opposite_order_do_not_block_each_other(
    make_app: MakeApp, session: AsyncSession, user: User
) -> None:
    items = await make_items(session, 5)
    bodies = [order_of(*items), order_of(*items[::-1])]
    app = await make_app(**LONG_POOL_TIMEOUT)
    async with connect(app, await bearer(app, session, user)) as client:
        for _ in range(2):
            orders = [client.post(ORDERS, json=body) for body in bodies]
            responses = await asyncio.gather(*orders)
            assert [response.status_code for response in responses] == [201, 201]

    assert set(await session.scalars(select(Item.stock))) == {1}


async def test_a_cancelled_order_gives_its_items_back(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    items = await make_items(session, 2)
    order = await make_order(user_client, *items, items[0], quantity=2)
    assert sorted(await session.scalars(select(Item.stock))) == [1, 3]

    response = await cancel(user_client, order)

    assert (response.status_code, response.json()["status"]) == (200, "cancelled")
    assert response.json()["lines"] == order["lines"]
    assert (await user_client.get(f"{ORDERS}/{order['id']}")).json() == response.json()
    assert set(await session.scalars(select(Item.stock))) == {5}


async def test_items_are_given_back_once_however_often_an_order_is_cancelled(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    order = await make_order(user_client, await make_item(session, stock=5), quantity=2)

    responses = await asyncio.gather(*(cancel(user_client, order) for _ in range(8)))

    assert {response.status_code for response in responses} == {200}
    assert {response.json()["status"] for response in responses} == {"cancelled"}
    assert await session.scalar(select(Item.stock)) == 5


async def test_what_was_given_back_can_be_ordered_again(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, stock=1)
    order = await make_order(user_client, item)
    refused = await user_client.post(ORDERS, json=order_of(item))
    assert_problem(refused, 409, "insufficient_stock")

    await cancel(user_client, order)

    assert await make_order(user_client, item)


async def test_concurrent_orders_and_cancellations_keep_the_stock_right(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    items = await make_items(session, 3)
    orders = [await make_order(user_client, *items) for _ in range(4)]

    responses = await asyncio.gather(
        *(cancel(user_client, order) for order in orders),
        *(user_client.post(ORDERS, json=order_of(*items[::-1])) for _ in range(4)),
    )

    statuses = Counter(response.status_code for response in responses)
    assert statuses.keys() <= {200, 201, 409}
    assert set(await session.scalars(select(Item.stock))) == {5 - statuses[201]}
