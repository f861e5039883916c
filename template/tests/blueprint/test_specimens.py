"""Specimens, through the API."""

from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient

from tests.blueprint.cases import (
    BAD,
    CHANGES,
    FILTERS,
    REFERENCES,
    SORTS,
    UNIQUE,
)
from tests.blueprint.factories import SPECIMENS, make_specimen, new_specimen_body
from tests.problems import assert_problem


async def test_a_new_specimen_can_be_read(client: AsyncClient) -> None:
    body = await new_specimen_body(client)

    response = await client.post(SPECIMENS, json=body)

    assert response.status_code == 201
    assert response.json().items() >= body.items()
    assert response.headers["location"] == f"{SPECIMENS}/{response.json()['id']}"
    read = await client.get(response.headers["location"])
    assert (read.json(), read.headers["etag"]) == (response.json(), response.headers["etag"])


@pytest.mark.parametrize(("field", "value"), CHANGES)
async def test_a_field_can_be_changed_alone(client: AsyncClient, field: str, value: Any) -> None:
    specimen = await make_specimen(client)

    response = await client.patch(f"{SPECIMENS}/{specimen['id']}", json={field: value})

    new = {field: value, "version": 2, "updated_at": response.json()["updated_at"]}
    assert response.json() == specimen | new
    assert (await client.get(f"{SPECIMENS}/{specimen['id']}")).json() == response.json()


@pytest.mark.parametrize(("fields", "matching", "other"), FILTERS)
async def test_the_list_is_filtered(
    client: AsyncClient, fields: dict[str, Any], matching: dict[str, Any], other: dict[str, Any]
) -> None:
    specimen = await make_specimen(client, **fields)

    found = (await client.get(SPECIMENS, params=matching)).json()
    missed = (await client.get(SPECIMENS, params=other)).json()

    assert ([row["id"] for row in found["items"]], missed["items"]) == ([specimen["id"]], [])


@pytest.mark.parametrize("sort", SORTS)
async def test_the_list_is_sorted(client: AsyncClient, sort: str) -> None:
    made = [(await make_specimen(client))["id"] for _ in range(3)]

    up = (await client.get(SPECIMENS, params={"sort": sort})).json()["items"]
    down = (await client.get(SPECIMENS, params={"sort": f"-{sort}"})).json()["items"]

    assert {row["id"] for row in up} == set(made)
    assert [row["id"] for row in down] == [row["id"] for row in reversed(up)]


async def test_the_list_comes_in_pages(client: AsyncClient) -> None:
    made = [(await make_specimen(client))["id"] for _ in range(3)]

    page = (await client.get(SPECIMENS, params={"page": 2, "size": 2})).json()

    assert [row["id"] for row in page["items"]] == made[:1]
    assert (page["total"], page["pages"], page["has_next"]) == (3, 2, False)


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_an_invalid_value_is_refused(client: AsyncClient, field: str, value: Any) -> None:
    body = await new_specimen_body(client) | {field: value}

    problem = assert_problem(await client.post(SPECIMENS, json=body), 422, "validation_error")

    assert problem["errors"][0]["loc"][:2] == ["body", field]


@pytest.mark.parametrize(("field", "code"), UNIQUE)
async def test_a_value_is_taken_once(client: AsyncClient, field: str, code: str) -> None:
    first, second = await make_specimen(client), await make_specimen(client)
    same = {field: first[field]}

    created = await client.post(SPECIMENS, json=await new_specimen_body(client) | same)
    changed = await client.patch(f"{SPECIMENS}/{second['id']}", json=same)

    assert_problem(created, 409, code)
    assert_problem(changed, 409, code)


# begin refs
@pytest.mark.parametrize("field", dict(REFERENCES))
async def test_a_reference_needs_its_row(client: AsyncClient, field: str) -> None:
    specimen, missing = await make_specimen(client), {field: str(uuid4())}

    created = await client.post(SPECIMENS, json=await new_specimen_body(client) | missing)
    changed = await client.patch(f"{SPECIMENS}/{specimen['id']}", json=missing)

    assert field in assert_problem(created, 404, "not_found")["detail"]
    assert field in assert_problem(changed, 404, "not_found")["detail"]


@pytest.mark.parametrize(("field", "url"), REFERENCES)
async def test_a_row_that_is_referred_to_stays(client: AsyncClient, field: str, url: str) -> None:
    own = {field: (await make_specimen(client))["id"]} if url == SPECIMENS else {}
    specimen = await make_specimen(client, **own)

    response = await client.delete(f"{url}/{specimen[field]}")

    assert response.status_code == 409, response.text


# end
async def test_only_the_version_that_was_seen_is_changed(client: AsyncClient) -> None:
    specimen = await make_specimen(client)
    url = f"{SPECIMENS}/{specimen['id']}"
    stale, fresh = {"If-Match": '"7"'}, {"If-Match": '"1"'}

    assert_problem(await client.patch(url, json={}, headers=stale), 412, "precondition_failed")
    assert_problem(await client.delete(url, headers=stale), 412, "precondition_failed")
    assert (await client.patch(url, json={}, headers=fresh)).status_code == 200
    assert (await client.get(url, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_a_deleted_specimen_is_gone(client: AsyncClient) -> None:
    specimen = await make_specimen(client)
    url = f"{SPECIMENS}/{specimen['id']}"

    assert (await client.delete(url)).status_code == 204

    assert_problem(await client.get(url), 404, "not_found")
    assert_problem(await client.patch(url, json={}), 404, "not_found")
    assert_problem(await client.delete(url), 404, "not_found")
