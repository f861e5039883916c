"""/api/v1/items/{item_id}: create, read, update, delete."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.item import Item
from tests.factories import make_item
from tests.problems import assert_problem

ITEMS = "/api/v1/items"
TEAPOT = {"name": "Teapot", "description": "Holds one litre.", "price": "24.90", "stock": 12}


async def test_a_created_item_is_returned_with_all_fields(client: AsyncClient) -> None:
    response = await client.post(ITEMS, json=TEAPOT)

    item = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"{ITEMS}/{UUID(item['id'])}"
    assert response.headers["etag"] == '"1"'
    assert {name: item[name] for name in TEAPOT} == TEAPOT
    assert item["version"] == 1


async def test_times_are_utc(client: AsyncClient) -> None:
    item = (await client.post(ITEMS, json=TEAPOT)).json()

    for name in ("created_at", "updated_at"):
        time = datetime.fromisoformat(item[name])
        assert time.utcoffset() == timedelta()
        assert abs(datetime.now(UTC) - time) < timedelta(minutes=1)


async def test_a_created_item_can_be_read_at_its_location(client: AsyncClient) -> None:
    created = await client.post(ITEMS, json=TEAPOT)

    read = await client.get(created.headers["location"])

    assert (read.status_code, read.json()) == (200, created.json())
    assert read.headers["etag"] == created.headers["etag"]


async def test_only_name_and_price_are_needed(client: AsyncClient) -> None:
    item = (await client.post(ITEMS, json={"name": "Cup", "price": "3"})).json()

    assert (item["description"], item["price"], item["stock"]) == (None, "3.00", 0)


async def test_a_patch_changes_what_it_names(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session, description="Old", stock=5)

    response = await client.patch(f"{ITEMS}/{item.id}", json={"price": "1.50", "description": None})

    changed = response.json()
    assert response.status_code == 200
    assert response.headers["etag"] == '"2"'
    assert (changed["price"], changed["description"], changed["version"]) == ("1.50", None, 2)
    assert (changed["name"], changed["stock"]) == (item.name, 5)
    assert changed["updated_at"] > changed["created_at"]


async def test_a_patch_that_changes_nothing_keeps_the_version(
    client: AsyncClient, session: AsyncSession
) -> None:
    item = await make_item(session)

    for body in ({}, {"name": item.name}):
        response = await client.patch(f"{ITEMS}/{item.id}", json=body)

        assert (response.status_code, response.headers["etag"]) == (200, '"1"')


@pytest.mark.parametrize("field", ["name", "price", "stock"])
async def test_a_patch_cannot_remove_what_every_item_has(
    client: AsyncClient, session: AsyncSession, field: str
) -> None:
    item = await make_item(session)

    response = await client.patch(f"{ITEMS}/{item.id}", json={field: None})

    assert_problem(response, 422, "validation_error")


async def test_a_deleted_item_is_gone(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session)

    response = await client.delete(f"{ITEMS}/{item.id}")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await client.get(f"{ITEMS}/{item.id}"), 404, "not_found")


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_item_is_not_found(client: AsyncClient, method: str) -> None:
    response = await client.request(method, f"{ITEMS}/{uuid4()}", json={})

    assert_problem(response, 404, "not_found")


@pytest.mark.parametrize(
    "id", ["1", "x", "00000000-0000-0000-0000-00000000000g", "%00", "%ED%A0%80"]
)
async def test_an_id_that_is_no_uuid_is_not_found(client: AsyncClient, id: str) -> None:
    assert_problem(await client.get(f"{ITEMS}/{id}"), 404, "not_found")


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        ("0", "0.00"),
        (-0.0, "0.00"),
        ("0.10", "0.10"),
        ("0.3", "0.30"),
        (19.99, "19.99"),
        (5, "5.00"),
        ("9999999999.99", "9999999999.99"),
        (1e3, "1000.00"),
    ],
)
async def test_prices_are_exact(client: AsyncClient, sent: Any, answered: str) -> None:
    created = await client.post(ITEMS, json={"name": "Penny", "price": sent})

    read = await client.get(created.headers["location"])

    assert created.json()["price"] == read.json()["price"] == answered


@pytest.mark.parametrize(
    "name", ["a" * 100, "Ключ", "鍵🔑", "O'Hara \"); DROP TABLE items; --", "%", "\\"]
)
async def test_names_are_kept_as_they_are(client: AsyncClient, name: str) -> None:
    created = await client.post(ITEMS, json=TEAPOT | {"name": name})

    assert (await client.get(created.headers["location"])).json()["name"] == name


async def test_a_taken_name_is_a_conflict(client: AsyncClient, session: AsyncSession) -> None:
    await make_item(session, name="Teapot")
    cup = await make_item(session, name="Cup")

    created = await client.post(ITEMS, json=TEAPOT)
    renamed = await client.patch(f"{ITEMS}/{cup.id}", json={"name": "Teapot"})

    assert_problem(created, 409, "name_taken")
    assert_problem(renamed, 409, "name_taken")
    await session.refresh(cup)
    assert cup.name == "Cup"


async def test_a_refused_request_stores_nothing(client: AsyncClient, session: AsyncSession) -> None:
    item = await make_item(session)

    await client.patch(f"{ITEMS}/{item.id}", json={"stock": 1, "price": "-1"})
    await client.patch(f"{ITEMS}/{item.id}", json={"stock": 1}, headers={"If-Match": '"9"'})

    assert await session.get(Item, item.id, populate_existing=True) is item
    assert (item.stock, item.version) == (5, 1)
