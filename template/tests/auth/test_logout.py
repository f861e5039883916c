"""Logout and password change: sessions end at once."""

import pytest
from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    authorization,
    credentials,
    log_in,
)
from tests.auth.fixtures import ClientOf
from tests.problems import assert_problem

LOGOUT = f"{AUTH}/logout"
CHANGE = f"{AUTH}/password"
CHANGED = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}


@pytest.mark.parametrize("body", [None, {}, {"everywhere": False}], ids=str)
async def test_a_logout_ends_this_session(
    user_client: AsyncClient, client_of: ClientOf, user: User, body: dict[str, bool] | None
) -> None:
    other = await client_of(user)

    response = await user_client.post(LOGOUT, json=body)

    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["cache-control"] == "no-store"
    assert_problem(await user_client.get(ME), 401, "token_revoked")
    assert (await other.get(ME)).status_code == 200


async def test_a_logout_needs_no_body(user_client: AsyncClient) -> None:
    assert (await user_client.post(LOGOUT)).status_code == 204


async def test_a_logout_everywhere_ends_all_sessions_of_this_user(
    user_client: AsyncClient, client_of: ClientOf, user: User, client: AsyncClient
) -> None:
    other = await client_of(user)

    await user_client.post(LOGOUT, json={"everywhere": True})

    for ended in (user_client, other):
        assert_problem(await ended.get(ME), 401, "token_revoked")
    assert (await client.get(ME)).status_code == 200


async def test_a_session_that_has_ended_cannot_be_refreshed(
    anonymous: AsyncClient, user: User
) -> None:
    tokens = await log_in(anonymous, user.email)
    await anonymous.post(LOGOUT, headers=authorization(tokens["access_token"]))

    body = {"refresh_token": tokens["refresh_token"]}
    response = await anonymous.post(f"{AUTH}/refresh", json=body)

    assert_problem(response, 401, "refresh_token_invalid")


async def test_a_login_after_a_logout_succeeds(anonymous: AsyncClient, user: User) -> None:
    tokens = await log_in(anonymous, user.email)
    await anonymous.post(LOGOUT, headers=authorization(tokens["access_token"]))

    assert await log_in(anonymous, user.email)


async def test_a_changed_password_ends_the_other_sessions(
    user_client: AsyncClient, client_of: ClientOf, user: User
) -> None:
    other = await client_of(user)

    response = await user_client.post(CHANGE, json=CHANGED)

    assert (response.status_code, response.content) == (204, b"")
    assert (await user_client.get(ME)).status_code == 200
    assert_problem(await other.get(ME), 401, "token_revoked")


async def test_only_the_new_password_logs_in(
    user_client: AsyncClient, anonymous: AsyncClient, user: User
) -> None:
    await user_client.post(CHANGE, json=CHANGED)

    old = await anonymous.post(f"{AUTH}/login", data=credentials(user.email))
    assert_problem(old, 401, "invalid_credentials")
    assert await log_in(anonymous, user.email, NEW_PASSWORD)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"current_password": NEW_PASSWORD}, "incorrect_password"),
        ({"current_password": ""}, "incorrect_password"),
        ({"new_password": "short"}, "password_rejected"),
        ({"new_password": "password1234"}, "password_rejected"),
        ({"new_password": "x" * 129}, "validation_error"),
        ({"new_password": None}, "validation_error"),
    ],
)
async def test_a_refused_change_changes_nothing(
    user_client: AsyncClient, client_of: ClientOf, user: User, change: dict[str, str], code: str
) -> None:
    other = await client_of(user)

    assert_problem(await user_client.post(CHANGE, json=CHANGED | change), 422, code)

    assert (await other.get(ME)).status_code == 200
    assert await log_in(other, user.email)


async def test_the_email_is_no_new_password(user_client: AsyncClient, user: User) -> None:
    response = await user_client.post(CHANGE, json=CHANGED | {"new_password": user.email})

    assert_problem(response, 422, "password_rejected")
