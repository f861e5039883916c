"""DELETE /api/v1/users/me."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.auth import LoginSession, RefreshToken
from app.models.user import User
from tests.auth.factories import AUTH, ME, PASSWORD, authorization, credentials, log_in
from tests.problems import assert_problem


async def delete_me(client: AsyncClient, body: Any) -> Response:
    return await client.request("DELETE", ME, json=body)


async def test_an_account_is_deleted_with_all_its_sessions(
    anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    tokens = [await log_in(anonymous, user.email) for _ in range(2)]
    anonymous.headers |= authorization(tokens[0]["access_token"])

    response = await delete_me(anonymous, {"current_password": PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    for one in tokens:
        anonymous.headers |= authorization(one["access_token"])
        assert_problem(await anonymous.get(ME), 401, "token_revoked")
        refresh = {"refresh_token": one["refresh_token"]}
        refused = await anonymous.post(f"{AUTH}/refresh", json=refresh)
        assert_problem(refused, 401, "refresh_token_invalid")
    gone = await anonymous.post(f"{AUTH}/login", data=credentials(user.email))
    assert_problem(gone, 401, "invalid_credentials")
    for table in (User, LoginSession, RefreshToken):
        assert await session.scalar(select(func.count()).select_from(table)) == 0


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"current_password": "some other long password"}, "incorrect_password"),
        ({"current_password": None}, "validation_error"),
        ({}, "validation_error"),
        (None, "validation_error"),
    ],
    ids=str,
)
async def test_an_account_is_not_deleted_without_the_password(
    user_client: AsyncClient, body: Any, code: str
) -> None:
    assert_problem(await delete_me(user_client, body), 422, code)

    assert (await user_client.get(ME)).status_code == 200


async def test_the_last_superuser_cannot_delete_the_own_account(client: AsyncClient) -> None:
    response = await delete_me(client, {"current_password": PASSWORD})

    assert_problem(response, 409, "last_superuser")
    assert (await client.get(ME)).status_code == 200
