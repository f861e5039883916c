"""Who may call each route, as its guards and the document say."""

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from app.auth.permissions import Permission
from tests.examples import prepare, send
from tests.problems import assert_problem
from tests.routes import Operation, operations

EVERY = [pytest.param(operation, id=operation.id) for operation in operations(main.app)]
FOR_USERS = {"user", "owner"}


@pytest.mark.parametrize("operation", EVERY)
def test_a_route_declares_who_may_call_it(operation: Operation) -> None:
    access = operation.document["x-permission"]

    assert access in FOR_USERS | {"anybody", "superuser"} | set(Permission)


@pytest.mark.parametrize("operation", EVERY)
def test_what_is_public_needs_no_credentials(
    operation: Operation, public_operations: set[str]
) -> None:
    is_open = operation.document["x-permission"] == "anybody"

    assert is_open == (operation.id in public_operations)


@pytest.mark.parametrize("operation", EVERY)
async def test_a_user_without_permissions_is_refused_what_requires_one(
    operation: Operation, client: AsyncClient, user_client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)

    response = await send(user_client, operation, call)

    if operation.document["x-permission"] in FOR_USERS | {"anybody"}:
        assert response.status_code != 403
    else:
        assert_problem(response, 403, "permission_denied")


def test_the_document_names_permissions_only_where_roles_grant_them(app: FastAPI) -> None:
    [create_user] = [o for o in operations(app) if o.id == "create_user"]
    has_roles = any(operation.id == "create_role" for operation in operations(app))

    expected = Permission.USERS_WRITE if has_roles else "superuser"
    assert create_user.document["x-permission"] == expected
