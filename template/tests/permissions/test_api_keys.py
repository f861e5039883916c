"""The permissions of API keys: a part of the user's, and attacks to get more."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission
from app.models.role import UserRole
from app.models.user import User
from tests.api_keys.factories import KEYS, make_key
from tests.auth.factories import ME, USERS, authorization, make_user
from tests.auth.fixtures import ClientOf
from tests.clients import connect
from tests.permissions.factories import ROLES, give, make_holder, make_role
from tests.problems import assert_problem

KeyOf = Callable[..., Awaitable[AsyncClient]]
BOTH = ["users:read", "users:write"]


@pytest.fixture
async def key_of(app: FastAPI, session: AsyncSession) -> AsyncGenerator[KeyOf]:
    """Make a client with a key: `await key_of(user, ["users:read"])`; None is all."""
    async with AsyncExitStack() as stack:

        async def make(user: User, permissions: list[str] | None = None) -> AsyncClient:
            _, key = await make_key(session, user, permissions=permissions)
            return await stack.enter_async_context(connect(app, authorization(key)))

        yield make


async def test_a_key_holds_all_of_its_user_by_default(
    session: AsyncSession, client_of: ClientOf, key_of: KeyOf
) -> None:
    user = await make_holder(session, *BOTH)

    created = await (await client_of(user)).post(KEYS, json={"name": "x"})

    assert created.json()["permissions"] == BOTH
    assert (await (await key_of(user)).get(USERS)).status_code == 200


async def test_a_key_holds_a_part(
    session: AsyncSession, client_of: ClientOf, app: FastAPI, user: User
) -> None:
    client = await client_of(await make_holder(session, *BOTH))

    created = await client.post(KEYS, json={"name": "x", "permissions": ["users:read"]})

    assert created.json()["permissions"] == ["users:read"]
    assert (await client.get(KEYS)).json()["items"][0]["permissions"] == ["users:read"]
    async with connect(app, authorization(created.json()["key"])) as key:
        assert (await key.get(USERS)).status_code == 200
        change = await key.patch(f"{USERS}/{user.id}", json={"full_name": "Eve"})
        assert_problem(change, 403, "permission_denied")


async def test_a_key_without_permissions_is_its_user_and_no_more(
    session: AsyncSession, client_of: ClientOf, app: FastAPI
) -> None:
    client = await client_of(await make_user(session, is_superuser=True))

    created = await client.post(KEYS, json={"name": "x", "permissions": []})

    assert created.json()["permissions"] == []
    async with connect(app, authorization(created.json()["key"])) as key:
        assert (await key.get(ME)).status_code == 200
        assert_problem(await key.get(USERS), 403, "permission_denied")
        assert_problem(await key.get("/health/detailed"), 403, "permission_denied")


@pytest.mark.parametrize(
    ("names", "status", "code"),
    [
        (["roles:write"], 403, "permission_denied"),
        ([*BOTH, "roles:write"], 403, "permission_denied"),
        (["roles:fly"], 422, "validation_error"),
        ("users:read", 422, "validation_error"),
    ],
)
async def test_no_key_is_made_with_more_than_its_user_holds(
    session: AsyncSession, client_of: ClientOf, names: object, status: int, code: str
) -> None:
    client = await client_of(await make_holder(session, *BOTH))

    response = await client.post(KEYS, json={"name": "x", "permissions": names})

    assert_problem(response, status, code)
    assert (await client.get(KEYS)).json() == {"items": []}


@pytest.mark.parametrize("permissions", [None, BOTH])
async def test_a_key_loses_what_its_user_loses_with_a_role(
    session: AsyncSession, key_of: KeyOf, permissions: list[str] | None
) -> None:
    key = await key_of(await make_holder(session, *BOTH), permissions)
    assert (await key.get(USERS)).status_code == 200

    await session.execute(delete(UserRole))

    assert_problem(await key.get(USERS), 403, "permission_denied")


async def test_only_a_key_with_all_permissions_gains_what_its_user_gains(
    session: AsyncSession, key_of: KeyOf
) -> None:
    user = await make_user(session)
    all_of_them, part = await key_of(user), await key_of(user, ["roles:write"])

    await give(session, user, await make_role(session, *BOTH))

    assert (await all_of_them.get(USERS)).status_code == 200
    assert_problem(await part.get(USERS), 403, "permission_denied")


async def test_a_superusers_key_with_a_part_is_no_superuser(
    session: AsyncSession, key_of: KeyOf, user: User
) -> None:
    admin = await make_user(session, is_superuser=True)
    names = [name for name in Permission if name != "roles:read"]
    key = await key_of(admin, names)

    promoted = await key.patch(f"{USERS}/{user.id}", json={"is_superuser": True})
    granted = await key.post(ROLES, json={"name": "x", "permissions": ["roles:read"]})

    assert_problem(promoted, 403, "permission_denied")
    assert_problem(granted, 403, "permission_denied")
    assert_problem(await key.get("/health/detailed"), 403, "permission_denied")


async def test_a_key_gives_its_own_user_no_role(session: AsyncSession, key_of: KeyOf) -> None:
    user = await make_holder(session, *BOTH)
    role = await make_role(session, "users:read")
    key = await key_of(user)

    response = await key.put(f"{USERS}/{user.id}/roles", json={"roles": [role.name]})

    assert_problem(response, 403, "api_key_not_allowed")
