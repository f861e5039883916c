"""Permissions of routes: who lacks one is refused, who holds it is not."""

from dataclasses import replace

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from app.auth.permissions import Permission
from app.db.session import Database
from tests.auth.factories import ME, USERS
from tests.auth.fixtures import ClientOf
from tests.examples import prepare, send
from tests.permissions.factories import PERMISSIONS, ROLES, make_holder
from tests.problems import assert_problem
from tests.routes import Operation, operations
from tests.transactions import recorded_statements

OPERATIONS = operations(main.app)
GUARDED = [
    pytest.param(operation, id=operation.id)
    for operation in OPERATIONS
    if operation.document["x-permission"] in set(Permission)
]


@pytest.mark.parametrize("operation", GUARDED)
async def test_all_permissions_but_the_required_one_are_not_enough(
    operation: Operation, client: AsyncClient, client_of: ClientOf, session: AsyncSession
) -> None:
    others = set(Permission) - {operation.document["x-permission"]}
    holder = await client_of(await make_holder(session, *others))
    call = await prepare(operation, client, session)

    response = await send(holder, operation, call)

    assert_problem(response, 403, "permission_denied")


@pytest.mark.parametrize("operation", GUARDED)
async def test_a_role_gives_the_permission(
    operation: Operation, client: AsyncClient, client_of: ClientOf, session: AsyncSession
) -> None:
    granted = {operation.document["x-permission"], "users:read", "roles:read"}
    holder = await client_of(await make_holder(session, *granted))
    call = await prepare(operation, client, session)
    if operation.id == "update_user":  # its example makes a superuser, which takes one
        call = replace(call, json={"email": "ada@example.com"})

    response = await send(holder, operation, call)

    assert response.is_success, response.text


async def test_permissions_of_routes_are_the_documented_ones() -> None:
    required = {operation.id: operation.document["x-permission"] for operation in OPERATIONS}

    assert {required[name] for name in ("list_users", "get_user")} == {"users:read"}
    assert {
        required[name] for name in ("create_user", "update_user", "delete_user", "set_user_roles")
    } == {"users:write"}
    assert {required[name] for name in ("list_permissions", "list_roles", "get_role")} == {
        "roles:read"
    }
    assert {required[name] for name in ("create_role", "update_role", "delete_role")} == {
        "roles:write"
    }
    assert required["get_health_details"] == "superuser"


async def test_an_account_is_read_with_its_roles_in_one_statement(
    client_of: ClientOf, session: AsyncSession, database: Database
) -> None:
    holder = await client_of(await make_holder(session, "users:read", "roles:write"))

    with recorded_statements(database.engine) as statements:
        response = await holder.get(ME)

    assert len(statements) == 1
    assert response.json()["permissions"] == ["roles:write", "users:read"]


async def test_a_superuser_holds_all_permissions_without_a_role(client: AsyncClient) -> None:
    me = (await client.get(ME)).json()

    assert me["roles"] == []
    assert me["permissions"] == sorted(Permission)
    assert (await client.get(PERMISSIONS)).json() == {"items": sorted(Permission)}


async def test_a_role_of_no_permission_opens_nothing(
    client_of: ClientOf, session: AsyncSession
) -> None:
    holder = await client_of(await make_holder(session))

    for path in (USERS, ROLES, PERMISSIONS):
        assert_problem(await holder.get(path), 403, "permission_denied")
