"""GET /api/v2/items: the list with cursors."""

from decimal import Decimal
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.api_v2.cursor_pages import ITEMS, iter_items
from tests.factories import make_item
from tests.problems import assert_problem


async def names(client: AsyncClient, **query: Any) -> list[str]:
    return [item["name"] async for item in iter_items(client, **query)]


async def test_an_empty_list_has_no_next_page(client: AsyncClient) -> None:
    response = await client.get(ITEMS)

    assert (response.status_code, response.json()) == (200, {"items": [], "next_cursor": None})


@pytest.mark.parametrize("size", [1, 3, 7, 100])
async def test_the_newest_come_first_and_each_once(
    client: AsyncClient, session: AsyncSession, size: int
) -> None:
    for name in "abcdefg":
        await make_item(session, name=name)

    assert await names(client, size=size) == list("gfedcba")


async def test_a_full_last_page_has_no_next_page(
    client: AsyncClient, session: AsyncSession
) -> None:
    for _ in range(4):
        await make_item(session)

    first = (await client.get(ITEMS, params={"size": 2})).json()
    last = (await client.get(ITEMS, params={"size": 2, "cursor": first["next_cursor"]})).json()

    assert (len(last["items"]), last["next_cursor"]) == (2, None)


async def test_an_item_is_the_same_as_in_version_1(
    client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session, description="All of it")

    [listed] = (await client.get(ITEMS)).json()["items"]
    one = await client.get(f"{ITEMS}/{item.id}")

    assert listed == one.json() == (await client.get(f"/api/v1/items/{item.id}")).json()
    assert one.headers["etag"] == '"1"'


async def test_items_are_written_as_in_version_1(client: AsyncClient) -> None:
    created = await client.post(ITEMS, json={"name": "Teapot", "price": "24.90"})
    url = created.headers["location"]

    changed = await client.patch(url, json={"stock": 7}, headers={"If-Match": '"1"'})

    assert url == f"{ITEMS}/{created.json()['id']}"
    assert (changed.status_code, changed.json()["stock"]) == (200, 7)
    assert (await client.delete(url)).status_code == 204
    assert_problem(await client.get(url), 404, "not_found")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "TEA"}, ["teapot", "tea"]),
        ({"min_price": "2", "max_price": "3"}, ["cup", "teapot"]),
        ({"in_stock": "false"}, ["cup"]),
        ({"no_such_filter": "1", "cursor": ""}, ["cup", "teapot", "tea"]),
    ],
)
async def test_items_are_filtered(
    client: AsyncClient, session: AsyncSession, query: dict[str, str], found: list[str]
) -> None:
    for price, name in enumerate(["tea", "teapot", "cup"], start=1):
        await make_item(session, name=name, price=Decimal(price), stock=3 - price)

    assert await names(client, size=1, **query) == found


@pytest.mark.parametrize(
    ("name", "value"), [("size", "0"), ("size", "101"), ("q", "nul\x00"), ("min_price", "NaN")]
)
async def test_an_invalid_query_is_refused(client: AsyncClient, name: str, value: str) -> None:
    assert_problem(await client.get(ITEMS, params={name: value}), 422, "validation_error")
