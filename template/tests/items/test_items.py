"""Items, through the API."""

from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.items.cases import BAD, CHANGES, FILTERS, SORTS, UNIQUE
from tests.items.factories import ITEMS, make_item, new_item_body
from tests.problems import assert_problem


async def test_a_new_item_can_be_read(client: AsyncClient) -> None:
    body = await new_item_body(client)

    response = await client.post(ITEMS, json=body)

    assert response.status_code == 201
    assert response.json().items() >= body.items()
    assert response.headers["location"] == f"{ITEMS}/{response.json()['id']}"
    read = await client.get(response.headers["location"])
    assert (read.json(), read.headers["etag"]) == (response.json(), response.headers["etag"])


@pytest.mark.parametrize(("field", "value"), CHANGES)
async def test_a_field_can_be_changed_alone(client: AsyncClient, field: str, value: Any) -> None:
    item = await make_item(client)

    response = await client.patch(f"{ITEMS}/{item['id']}", json={field: value})

    new = {field: value, "version": 2, "updated_at": response.json()["updated_at"]}
    assert response.json() == item | new
    assert (await client.get(f"{ITEMS}/{item['id']}")).json() == response.json()


@pytest.mark.parametrize(("fields", "matching", "other"), FILTERS)
async def test_the_list_is_filtered(
    client: AsyncClient, fields: dict[str, Any], matching: dict[str, Any], other: dict[str, Any]
) -> None:
    item = await make_item(client, **fields)

    found = (await client.get(ITEMS, params=matching)).json()
    missed = (await client.get(ITEMS, params=other)).json()

    assert ([row["id"] for row in found["items"]], missed["items"]) == ([item["id"]], [])


@pytest.mark.parametrize("sort", SORTS)
async def test_the_list_is_sorted(client: AsyncClient, sort: str) -> None:
    made = [(await make_item(client))["id"] for _ in range(3)]

    up = (await client.get(ITEMS, params={"sort": sort})).json()["items"]
    down = (await client.get(ITEMS, params={"sort": f"-{sort}"})).json()["items"]

    assert {row["id"] for row in up} == set(made)
    assert [row["id"] for row in down] == [row["id"] for row in reversed(up)]


async def test_the_list_comes_in_pages(client: AsyncClient) -> None:
    made = [(await make_item(client))["id"] for _ in range(3)]

    page = (await client.get(ITEMS, params={"page": 2, "size": 2})).json()

    assert [row["id"] for row in page["items"]] == made[:1]
    assert (page["total"], page["pages"], page["has_next"]) == (3, 2, False)


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_an_invalid_value_is_refused(client: AsyncClient, field: str, value: Any) -> None:
    body = await new_item_body(client) | {field: value}

    problem = assert_problem(await client.post(ITEMS, json=body), 422, "validation_error")

    assert problem["errors"][0]["loc"][:2] == ["body", field]


@pytest.mark.parametrize(("field", "code"), UNIQUE)
async def test_a_value_is_taken_once(client: AsyncClient, field: str, code: str) -> None:
    first, second = await make_item(client), await make_item(client)
    same = {field: first[field]}

    created = await client.post(ITEMS, json=await new_item_body(client) | same)
    changed = await client.patch(f"{ITEMS}/{second['id']}", json=same)

    assert_problem(created, 409, code)
    assert_problem(changed, 409, code)


async def test_only_the_version_that_was_seen_is_changed(client: AsyncClient) -> None:
    item = await make_item(client)
    url = f"{ITEMS}/{item['id']}"
    stale, fresh = {"If-Match": '"7"'}, {"If-Match": '"1"'}

    assert_problem(await client.patch(url, json={}, headers=stale), 412, "precondition_failed")
    assert_problem(await client.delete(url, headers=stale), 412, "precondition_failed")
    assert (await client.patch(url, json={}, headers=fresh)).status_code == 200
    assert (await client.get(url, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_a_deleted_item_is_gone(client: AsyncClient) -> None:
    item = await make_item(client)
    url = f"{ITEMS}/{item['id']}"

    assert (await client.delete(url)).status_code == 204

    assert_problem(await client.get(url), 404, "not_found")
    assert_problem(await client.patch(url, json={}), 404, "not_found")
    assert_problem(await client.delete(url), 404, "not_found")
