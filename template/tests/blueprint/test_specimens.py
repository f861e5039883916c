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
from tests.blueprint.factories import SPECIMENS, make_specimen, specimen_body
from tests.problems import assert_problem


async def test_a_new_specimen_can_be_read(client: AsyncClient) -> None:
    body = await specimen_body(client)

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
    body = await specimen_body(client) | {field: value}

    problem = assert_problem(await client.post(SPECIMENS, json=body), 422, "validation_error")

    assert problem["errors"][0]["loc"][:2] == ["body", field]


@pytest.mark.parametrize(("field", "code"), UNIQUE)
async def test_a_value_is_taken_once(client: AsyncClient, field: str, code: str) -> None:
    first, second = await make_specimen(client), await make_specimen(client)
    same = {field: first[field]}

    created = await client.post(SPECIMENS, json=await specimen_body(client) | same)
    changed = await client.patch(f"{SPECIMENS}/{second['id']}", json=same)

    assert_problem(created, 409, code)
    assert_problem(changed, 409, code)


@pytest.mark.parametrize("field", dict(REFERENCES))
async def test_a_reference_needs_its_row(client: AsyncClient, field: str) -> None:
    specimen, missing = await make_specimen(client), {field: str(uuid4())}

    created = await client.post(SPECIMENS, json=await specimen_body(client) | missing)
    changed = await client.patch(f"{SPECIMENS}/{specimen['id']}", json=missing)

    assert field in assert_problem(created, 404, "not_found")["detail"]
    assert field in assert_problem(changed, 404, "not_found")["detail"]


@pytest.mark.parametrize(("field", "url"), REFERENCES)
async def test_a_row_that_is_referred_to_stays(client: AsyncClient, field: str, url: str) -> None:
    own = {field: (await make_specimen(client))["id"]} if url == SPECIMENS else {}
    specimen = await make_specimen(client, **own)

    response = await client.delete(f"{url}/{specimen[field]}")

    assert response.status_code == 409, response.text


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


# guarded: async def test_users_read_and_superusers_write(
# guarded:     client: AsyncClient, user_client: AsyncClient
# guarded: ) -> None:
# guarded:     specimen = await make_specimen(client)
# guarded:     url = f"{SPECIMENS}/{specimen['id']}"
# guarded:     body = await specimen_body(client)
# guarded:
# guarded:     assert (await user_client.get(url)).status_code == 200
# guarded:     assert_problem(await user_client.delete(url), 403, "permission_denied")
# guarded:     assert_problem(await user_client.patch(url, json={}), 403, "permission_denied")
# guarded:     response = await user_client.post(SPECIMENS, json=body)
# guarded:     assert_problem(response, 403, "permission_denied")
# owned: @pytest.fixture
# owned: async def other_client(client_of: ClientOf, session: AsyncSession) -> AsyncClient:
# owned:     """A client of another superuser."""
# owned:     return await client_of(await make_user(session, is_superuser=True))
# owned:
# owned:
# owned: async def test_only_the_owner_sees_it(
# owned:     client: AsyncClient, other_client: AsyncClient
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     url = f"{SPECIMENS}/{specimen['id']}"
# owned:
# owned:     assert_problem(await other_client.get(url), 404, "not_found")
# owned:     assert_problem(await other_client.patch(url, json={}), 404, "not_found")
# owned:     assert_problem(await other_client.delete(url), 404, "not_found")
# owned:     assert (await other_client.get(SPECIMENS)).json()["total"] == 0
# owned:     assert (await client.get(url)).status_code == 200
# owned:
# owned:
# owned: @pytest.mark.parametrize("field", dict(UNIQUE))
# owned: async def test_another_owner_may_have_the_value(
# owned:     client: AsyncClient, other_client: AsyncClient, field: str
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     own = {} if field in OWN_REFERENCES else {field: specimen[field]}
# owned:
# owned:     await make_specimen(other_client, **own)
# owned:
# owned:
# owned: @pytest.mark.parametrize("field", OWN_REFERENCES)
# owned: async def test_another_owners_row_cannot_be_referred_to(
# owned:     client: AsyncClient, other_client: AsyncClient, field: str
# owned: ) -> None:
# owned:     specimen = await make_specimen(client)
# owned:     body = await specimen_body(other_client) | {field: specimen[field]}
# owned:
# owned:     response = await other_client.post(SPECIMENS, json=body)
# owned:
# owned:     assert field in assert_problem(response, 404, "not_found")["detail"]
