"""Notices of a new password, and PATCH /api/v1/users/{id} with one."""

import pytest
from httpx2 import AsyncClient

from app.models.user import User
from tests.auth.factories import AUTH, ME, NEW_PASSWORD, PASSWORD, USERS, log_in
from tests.auth.fixtures import Mailbox
from tests.problems import assert_problem


async def test_a_change_of_the_password_sends_a_notice(
    user_client: AsyncClient, user: User, mailbox: Mailbox
) -> None:
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await user_client.post(f"{AUTH}/password", json=change)

    [mail] = await mailbox()
    assert (mail["to"], mail["template"]) == (user.email, "password_changed")


async def test_a_superusers_password_ends_the_sessions_and_sends_a_notice(
    client: AsyncClient,
    user_client: AsyncClient,
    anonymous: AsyncClient,
    user: User,
    mailbox: Mailbox,
) -> None:
    response = await client.patch(f"{USERS}/{user.id}", json={"password": NEW_PASSWORD})

    assert response.status_code == 200
    assert response.json() == (await client.get(f"{USERS}/{user.id}")).json()
    assert_problem(await user_client.get(ME), 401, "token_revoked")
    assert await log_in(anonymous, user.email, NEW_PASSWORD)
    [mail] = await mailbox()
    assert (mail["to"], mail["template"]) == (user.email, "password_changed")


@pytest.mark.parametrize("password", ["short", "password1234567"])
async def test_the_password_policy_holds_for_superusers(
    client: AsyncClient, user: User, password: str
) -> None:
    response = await client.patch(f"{USERS}/{user.id}", json={"password": password})

    assert_problem(response, 422, "password_rejected")
