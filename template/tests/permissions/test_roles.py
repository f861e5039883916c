"""Roles: adding, changing, deleting, and giving them to users."""

import asyncio
from uuid import uuid4

import jwt
import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import ME, USERS, log_in, make_user
from tests.auth.fixtures import ClientOf
from tests.permissions.factories import ROLES, give, make_holder, make_role
from tests.problems import assert_problem

SUPPORT = {
    "name": "Support",
    "description": "Answers questions of users",
    "permissions": ["users:write"],
}


async def test_a_role_is_added_read_changed_and_deleted(client: AsyncClient) -> None:
    created = await client.post(ROLES, json=SUPPORT)
    path = created.headers["location"]

    assert created.status_code == 201
    role = created.json()
    assert role == SUPPORT | {"id": role["id"]}
    assert (await client.get(path)).json() == role
    change = {"permissions": ["users:read", "roles:read", "users:read"], "description": None}
    changed = await client.patch(path, json=change)
    assert changed.json() == role | {
        "permissions": ["roles:read", "users:read"],
        "description": None,
    }
    assert (await client.get(ROLES)).json() == {"items": [changed.json()]}
    assert changed.headers["cache-control"] == "no-store"
    assert (await client.delete(path)).status_code == 204
    assert (await client.get(ROLES)).json() == {"items": []}
    for method in ("GET", "PATCH", "DELETE"):
        body = {"name": "Support"} if method == "PATCH" else None
        assert_problem(await client.request(method, path, json=body), 404, "not_found")


async def test_role_names_are_unique_under_races(client: AsyncClient) -> None:
    answers = await asyncio.gather(*(client.post(ROLES, json=SUPPORT) for _ in range(4)))

    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    other = await client.post(ROLES, json={"name": "Other"})
    renamed = await client.patch(other.headers["location"], json={"name": SUPPORT["name"]})
    assert_problem(renamed, 409, "name_taken")


@pytest.mark.parametrize(
    "body",
    [
        {"name": ""},
        {"name": "a" * 51},
        {"name": "a\x1eb"},
        {"name": "a\x00"},
        {"name": "Support", "permissions": ["items:fly"]},
        {"name": "Support", "permissions": "items:write"},
        {"name": "Support", "id": str(uuid4())},
        {"permissions": []},
    ],
)
async def test_a_wrong_role_is_refused(client: AsyncClient, body: dict[str, object]) -> None:
    response = await client.post(ROLES, json=body)

    assert_problem(response, 422, "validation_error")
    assert "items:fly" not in response.text


async def test_a_user_has_the_permissions_of_all_roles(
    client: AsyncClient, user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    await make_role(session, "users:read", "roles:read", name="b")
    await make_role(session, "users:read", name="ä|a, b")

    response = await client.put(f"{USERS}/{user.id}/roles", json={"roles": ["ä|a, b", "b", "b"]})

    assert response.status_code == 200
    account = response.json()
    assert account["roles"] == ["b", "ä|a, b"]
    assert account["permissions"] == ["roles:read", "users:read"]
    assert (await user_client.get(ME)).json() == account
    listed = (await client.get(USERS, params={"q": user.email})).json()["items"]
    assert listed == [account]
    emptied = await client.put(f"{USERS}/{user.id}/roles", json={"roles": []})
    assert (emptied.json()["roles"], emptied.json()["permissions"]) == ([], [])


async def test_a_role_that_does_not_exist_cannot_be_given(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    role = await make_role(session)
    await give(session, user, role)

    response = await client.put(f"{USERS}/{user.id}/roles", json={"roles": ["none"]})

    assert_problem(response, 422, "validation_error")
    assert (await client.get(f"{USERS}/{user.id}")).json()["roles"] == [role.name]
    unknown = await client.put(f"{USERS}/{uuid4()}/roles", json={"roles": [role.name]})
    assert_problem(unknown, 404, "not_found")


async def test_roles_given_in_parallel_replace_each_other(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    names = [(await make_role(session)).name for _ in range(2)]
    path = f"{USERS}/{user.id}/roles"

    answers = await asyncio.gather(*(client.put(path, json={"roles": names}) for _ in range(4)))

    assert {answer.status_code for answer in answers} == {200}
    assert (await client.get(f"{USERS}/{user.id}")).json()["roles"] == sorted(names)


@pytest.mark.parametrize("how", ["role changed", "role deleted", "role taken", "user gone"])
async def test_what_is_lost_counts_on_the_next_request(
    client: AsyncClient, client_of: ClientOf, session: AsyncSession, how: str
) -> None:
    role, user = await make_role(session, "users:read"), await make_user(session)
    await give(session, user, role)
    holder = await client_of(user)
    assert (await holder.get(USERS)).status_code == 200

    if how == "role changed":
        await client.patch(f"{ROLES}/{role.id}", json={"permissions": ["roles:read"]})
    elif how == "role deleted":
        await client.delete(f"{ROLES}/{role.id}")
    elif how == "role taken":
        await client.put(f"{USERS}/{user.id}/roles", json={"roles": []})
    else:
        assert (await client.delete(f"{USERS}/{user.id}")).status_code == 204

    refused = await holder.get(USERS)
    if how == "user gone":
        assert_problem(refused, 401, "token_revoked")
    else:
        assert_problem(refused, 403, "permission_denied")


async def test_names_that_the_code_does_not_know_are_ignored(
    client: AsyncClient, client_of: ClientOf, session: AsyncSession
) -> None:
    role, user = await make_role(session, "items:fly", "users:read"), await make_user(session)
    await give(session, user, role)
    holder = await client_of(user)

    assert (await holder.get(ME)).json()["permissions"] == ["users:read"]
    assert (await client.get(f"{ROLES}/{role.id}")).json()["permissions"] == ["users:read"]
    assert (await client.patch(f"{ROLES}/{role.id}", json={"name": "New"})).status_code == 200


async def test_access_tokens_contain_no_permissions(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    user = await make_holder(session, "users:read")

    tokens = await log_in(anonymous, user.email)

    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})
    assert claims.keys() == {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}
