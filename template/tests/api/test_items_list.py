"""GET /api/v1/items: pages, order, search and filters."""

from decimal import Decimal
from itertools import chain
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.factories import make_item
from tests.problems import assert_problem

ITEMS = "/api/v1/items"


async def names(client: AsyncClient, **query: Any) -> list[str]:
    """The names of the items on a page."""
    response = await client.get(ITEMS, params=query)
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["items"]]


async def make_items(session: AsyncSession, *names: str, **fields: Any) -> None:
    for name in names:
        await make_item(session, name=name, **fields)


async def test_an_empty_list_is_a_page(client: AsyncClient) -> None:
    page = (await client.get(ITEMS)).json()

    assert page == {
        "items": [],
        "total": 0,
        "page": 1,
        "size": 20,
        "pages": 0,
        "has_next": False,
    }


async def test_the_newest_come_first_twenty_to_a_page(
    client: AsyncClient, session: AsyncSession
) -> None:
    await make_items(session, *(f"{n:02}" for n in range(21)))

    page = (await client.get(ITEMS)).json()

    assert [item["name"] for item in page["items"]] == [f"{n:02}" for n in range(20, 0, -1)]
    assert (page["total"], page["pages"], page["has_next"]) == (21, 2, True)


async def test_an_item_in_a_list_is_the_item(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session, description="All of it")

    page = (await client.get(ITEMS)).json()

    assert page["items"] == [(await client.get(f"{ITEMS}/{item.id}")).json()]


async def test_pages_neither_overlap_nor_leave_gaps_when_all_are_equal(
    client: AsyncClient, session: AsyncSession
) -> None:
    await make_items(session, *"abcdefg", price=Decimal(1))

    pages = [await names(client, page=n, size=3, sort="price") for n in (1, 2, 3)]

    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(chain(*pages)) == list("abcdefg")


async def test_a_page_past_the_end_is_empty(client: AsyncClient, session: AsyncSession) -> None:
    await make_items(session, *"abc")

    page = (await client.get(ITEMS, params={"page": 3, "size": 2})).json()

    assert (page["items"], page["total"], page["pages"], page["has_next"]) == ([], 3, 2, False)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("name", "abc"),
        ("-name", "cba"),
        ("price", "bca"),
        ("-price", "acb"),
        ("stock", "cab"),
        ("-stock", "bac"),
        ("created_at", "bac"),
        ("-created_at", "cab"),
    ],
)
async def test_items_are_sorted(
    client: AsyncClient, session: AsyncSession, sort: str, expected: str
) -> None:
    await make_item(session, name="b", price=Decimal("9.50"), stock=30)
    await make_item(session, name="a", price=Decimal(100), stock=9)
    await make_item(session, name="c", price=Decimal("10.00"), stock=1)

    assert await names(client, sort=sort) == list(expected)


@pytest.mark.parametrize(
    ("q", "found"),
    [
        ("cotton", ["100% cotton", "100 per cent cotton"]),
        ("COTTON", ["100% cotton", "100 per cent cotton"]),
        ("100%", ["100% cotton"]),
        ("snake_", ["snake_case"]),
        ("élan", ["ÉLAN", "Élan vital"]),
        ("ЧАЙ", ["чайник"]),
        ("\\", ["back\\slash"]),
        ("/", []),
        ("'", []),
        ("", ["100% cotton", "100 per cent cotton", "snake_case", "snakeXcase"]),
    ],
)
async def test_search_is_literal_and_in_any_letter_case(
    client: AsyncClient, session: AsyncSession, q: str, found: list[str]
) -> None:
    await make_items(session, "100% cotton", "100 per cent cotton", "snake_case", "snakeXcase")
    await make_items(session, "ÉLAN", "Élan vital", "чайник", "back\\slash")

    assert set(await names(client, q=q)) >= set(found)
    assert len(await names(client, q=q)) == (len(found) if q else 8)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"min_price": "0.30"}, "bcd"),
        ({"max_price": "0.30"}, "ab"),
        ({"min_price": "0.3", "max_price": "100"}, "bc"),
        ({"in_stock": "true"}, "acd"),
        ({"in_stock": "false"}, "b"),
        ({"in_stock": "true", "max_price": "99.99", "q": "C"}, ""),
        ({"no_such_filter": "1"}, "abcd"),
    ],
)
async def test_items_are_filtered(
    client: AsyncClient, session: AsyncSession, query: dict[str, str], found: str
) -> None:
    prices = {"a": "0.10", "b": "0.30", "c": "100.00", "d": "9999999999.99"}
    for name, price in prices.items():
        await make_item(session, name=name, price=Decimal(price), stock=0 if name == "b" else 1)

    assert await names(client, sort="name", **query) == list(found)


async def test_the_total_counts_what_matches(client: AsyncClient, session: AsyncSession) -> None:
    await make_items(session, "tea", "teapot", "cup")

    page = (await client.get(ITEMS, params={"q": "tea", "size": 1, "page": 2})).json()

    assert (page["total"], page["pages"], len(page["items"])) == (2, 2, 1)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("page", "0"),
        ("page", "-1"),
        ("page", "x"),
        ("page", str(10**30)),
        ("page", "9" * 5000),
        ("size", "0"),
        ("size", "101"),
        ("size", "NaN"),
        ("sort", "colour"),
        ("sort", "--name"),
        ("sort", "name; DROP TABLE items"),
        ("q", "nul\x00"),
        ("q", "a" * 201),
        ("min_price", "NaN"),
        ("min_price", "-1"),
        ("max_price", "Infinity"),
        ("max_price", "1e400"),
        ("min_price", "1e2"),
        ("max_price", "1_000"),
        ("page", "1_0"),
        ("size", "\u0661\u0662"),
        ("size", "+5"),
        ("in_stock", "perhaps"),
    ],
)
async def test_an_invalid_query_is_refused(client: AsyncClient, name: str, value: str) -> None:
    response = await client.get(ITEMS, params={name: value})

    problem = assert_problem(response, 422, "validation_error")
    assert [error["loc"] for error in problem["errors"]] == [["query", name]]
    assert len(value) < 4 or value not in response.text


async def test_bytes_that_are_not_text_are_refused(client: AsyncClient) -> None:
    response = await client.get(f"{ITEMS}?q=%ED%A0%80&sort=%FF")

    assert_problem(response, 422, "validation_error")
