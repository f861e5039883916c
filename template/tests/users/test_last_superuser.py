"""The last active superuser cannot be removed."""

import asyncio
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import ME, USERS, make_user
from tests.auth.fixtures import ClientOf
from tests.problems import assert_problem

# Each makes a superuser one no longer.
REMOVALS: dict[str, dict[str, Any]] = {
    "demoted": {"method": "PATCH", "json": {"is_superuser": False}},
    "disabled": {"method": "PATCH", "json": {"is_active": False}},
    "deleted": {"method": "DELETE"},
}


@pytest.fixture(params=REMOVALS)
def removal(request: pytest.FixtureRequest) -> dict[str, Any]:
    """A request that removes a superuser."""
    return REMOVALS[request.param]


async def superusers(session: AsyncSession) -> int | None:
    active = select(func.count()).where(User.is_superuser, User.is_active)
    return await session.scalar(active)


async def test_the_last_superuser_cannot_be_removed(
    client: AsyncClient, session: AsyncSession, removal: dict[str, Any]
) -> None:
    await make_user(session, is_superuser=True, is_active=False)
    me = (await client.get(ME)).json()

    response = await client.request(url=f"{USERS}/{me['id']}", **removal)

    assert_problem(response, 409, "last_superuser")
    assert (await client.get(ME)).json() == me


async def test_one_of_two_superusers_can_be_removed(
    client: AsyncClient, session: AsyncSession, removal: dict[str, Any]
) -> None:
    other = await make_user(session, is_superuser=True)

    response = await client.request(url=f"{USERS}/{other.id}", **removal)

    assert response.is_success
    assert await superusers(session) == 1


@pytest.mark.parametrize("each_other", [True, False], ids=["each other", "themselves"])
async def test_of_superusers_who_remove_each_other_in_parallel_one_remains(
    client_of: ClientOf, session: AsyncSession, removal: dict[str, Any], each_other: bool
) -> None:
    people = [await make_user(session, is_superuser=True) for _ in range(2)]
    clients = [await client_of(one) for one in people]
    paths = [f"{USERS}/{one.id}" for one in people]

    responses = await asyncio.gather(
        *(
            client.request(url=path, **removal)
            for client, path in zip(clients, paths[::-1] if each_other else paths, strict=True)
        )
    )

    assert sorted(response.is_success for response in responses) == [False, True]
    assert {response.status_code for response in responses} <= {200, 204, 401, 403, 409}
    assert await superusers(session) == 1
