"""Attacks: to get, through a role or a user, what the attacker does not hold."""

from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.models.role import Role
from app.models.user import User
from tests.auth.factories import ME, PASSWORD, USERS, make_user
from tests.auth.fixtures import ClientOf
from tests.permissions.factories import ROLES, give, make_holder, make_role
from tests.problems import assert_problem

MANAGER = ("roles:read", "roles:write", "users:write")
# The changes of an account by which it could be taken over or shut out.
TAKEOVERS: list[dict[str, Any]] = [
    {"email": "eve@example.com"},
    {"is_active": False},
    {"is_superuser": False},
    {"is_superuser": True},
    {"full_name": "Eve", "email": "eve@example.com"},
]


@pytest.fixture
async def manager(session: AsyncSession) -> User:
    """A user who manages roles and users, and may not list the accounts."""
    return await make_holder(session, *MANAGER)


@pytest.fixture
async def attacker(client_of: ClientOf, manager: User) -> AsyncClient:
    """A client of the manager."""
    return await client_of(manager)


@pytest.fixture
async def strong_role(session: AsyncSession) -> Role:
    """A role that grants more than the manager holds."""
    return await make_role(session, "roles:read", "users:read")


async def test_a_role_is_not_made_stronger_than_its_author(attacker: AsyncClient) -> None:
    response = await attacker.post(ROLES, json={"name": "x", "permissions": ["users:read"]})

    assert_problem(response, 403, "permission_denied")
    weaker = await attacker.post(ROLES, json={"name": "x", "permissions": ["roles:read"]})
    assert weaker.status_code == 201


async def test_the_own_role_is_not_made_stronger(attacker: AsyncClient) -> None:
    [role] = (await attacker.get(ROLES)).json()["items"]
    path = f"{ROLES}/{role['id']}"

    response = await attacker.patch(path, json={"permissions": [*MANAGER, "users:read"]})

    assert_problem(response, 403, "permission_denied")
    assert (await attacker.get(path)).json() == role
    assert (await attacker.get(ME)).json()["permissions"] == sorted(MANAGER)


async def test_a_stronger_role_is_not_changed_or_deleted(
    attacker: AsyncClient, strong_role: Role
) -> None:
    path = f"{ROLES}/{strong_role.id}"
    before = (await attacker.get(path)).json()

    for change in ({"permissions": []}, {"name": "x"}, {"permissions": list(MANAGER)}):
        assert_problem(await attacker.patch(path, json=change), 403, "permission_denied")
    assert_problem(await attacker.delete(path), 403, "permission_denied")

    assert (await attacker.get(path)).json() == before


async def test_a_stronger_role_is_given_to_no_user(
    attacker: AsyncClient, client: AsyncClient, manager: User, user: User, strong_role: Role
) -> None:
    for target in (manager, user):
        path = f"{USERS}/{target.id}"
        before = (await client.get(path)).json()

        response = await attacker.put(f"{path}/roles", json={"roles": [strong_role.name]})

        assert_problem(response, 403, "permission_denied")
        assert (await client.get(path)).json() == before


@pytest.mark.parametrize("is_superuser", [True, False], ids=["superuser", "stronger user"])
async def test_a_stronger_user_is_not_taken_over(
    attacker: AsyncClient,
    client: AsyncClient,
    session: AsyncSession,
    strong_role: Role,
    is_superuser: bool,
) -> None:
    target = await make_user(session, is_superuser=is_superuser)
    if not is_superuser:
        await give(session, target, strong_role)
    path = f"{USERS}/{target.id}"
    before = (await client.get(path)).json()

    for change in TAKEOVERS:
        assert_problem(await attacker.patch(path, json=change), 403, "permission_denied")
    assert_problem(
        await attacker.put(f"{path}/roles", json={"roles": []}), 403, "permission_denied"
    )
    assert_problem(await attacker.delete(path), 403, "permission_denied")

    assert (await client.get(path)).json() == before
    assert (await attacker.patch(path, json={"full_name": "Ada"})).json()["full_name"] == "Ada"


async def test_users_who_hold_no_more_are_managed(attacker: AsyncClient, user: User) -> None:
    [role] = (await attacker.get(ROLES)).json()["items"]
    path = f"{USERS}/{user.id}"

    given = await attacker.put(f"{path}/roles", json={"roles": [role["name"]]})
    disabled = await attacker.patch(path, json={"is_active": False, "email": "b@example.com"})

    assert given.json()["permissions"] == sorted(MANAGER)
    assert (disabled.json()["is_active"], disabled.json()["email"]) == (False, "b@example.com")
    assert (await attacker.delete(path)).status_code == 204


@pytest.mark.parametrize("permissions", [MANAGER, tuple(Permission)], ids=["manager", "all"])
async def test_only_superusers_make_superusers(
    client_of: ClientOf, session: AsyncSession, user: User, permissions: tuple[str, ...]
) -> None:
    me = await make_holder(session, *permissions)
    attacker = await client_of(me)
    body = {"email": "eve@example.com", "password": PASSWORD}

    for target in (me, user):
        promoted = await attacker.patch(f"{USERS}/{target.id}", json={"is_superuser": True})
        assert_problem(promoted, 403, "permission_denied")
    added = await attacker.post(USERS, json=body | {"is_superuser": True})
    assert_problem(added, 403, "permission_denied")

    assert (await attacker.post(USERS, json=body)).json()["permissions"] == []
    assert not (await attacker.get(ME)).json()["is_superuser"]


async def test_the_last_superuser_stays_whatever_roles_grant(
    client: AsyncClient, client_of: ClientOf, session: AsyncSession
) -> None:
    last = (await client.get(ME)).json()
    path = f"{USERS}/{last['id']}"
    holder = await make_holder(session, *Permission)
    administrator = await client_of(holder)

    for change in ({"is_superuser": False}, {"is_active": False}):
        assert_problem(await administrator.patch(path, json=change), 403, "permission_denied")
        assert_problem(await client.patch(path, json=change), 409, "last_superuser")
    assert_problem(await administrator.delete(path), 403, "permission_denied")
    assert_problem(await client.delete(path), 409, "last_superuser")

    assert (await client.get(ME)).json() == last
    for role in (await client.get(ROLES)).json()["items"]:
        await client.delete(f"{ROLES}/{role['id']}")
    assert (await client.get(ME)).json()["permissions"] == sorted(Permission)


async def test_users_manage_neither_roles_nor_users_by_the_permission_to_read(
    client_of: ClientOf, session: AsyncSession, user: User
) -> None:
    reader = await client_of(await make_holder(session, "roles:read", "users:read"))
    role = await make_role(session)

    answers = [
        await reader.post(ROLES, json={"name": "x"}),
        await reader.patch(f"{ROLES}/{role.id}", json={"name": "x"}),
        await reader.delete(f"{ROLES}/{role.id}"),
        await reader.put(f"{USERS}/{user.id}/roles", json={"roles": []}),
        await reader.patch(f"{USERS}/{user.id}", json={"full_name": "x"}),
    ]

    for answer in answers:
        assert_problem(answer, 403, "permission_denied")
