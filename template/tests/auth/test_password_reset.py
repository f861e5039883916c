"""POST /api/v1/auth/password/reset."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import OneTimeToken
from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    USERS,
    credentials,
    log_in,
)
from tests.auth.fixtures import Mailbox
from tests.auth.resets import FORGOT, request_reset, reset
from tests.problems import assert_problem


async def test_a_reset_changes_the_password_and_ends_all_sessions(
    anonymous: AsyncClient, user_client: AsyncClient, user: User, token: str
) -> None:
    response = await reset(anonymous, token)

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await user_client.get(ME), 401, "token_revoked")
    old = await anonymous.post(f"{AUTH}/login", data=credentials(user.email))
    assert_problem(old, 401, "invalid_credentials")
    assert await log_in(anonymous, user.email, NEW_PASSWORD)


async def test_a_reset_token_works_once(anonymous: AsyncClient, token: str) -> None:
    await reset(anonymous, token)

    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")


async def test_of_parallel_resets_with_a_token_one_succeeds(
    anonymous: AsyncClient, user: User, token: str
) -> None:
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(8)]

    responses = await asyncio.gather(*(reset(anonymous, token, one) for one in passwords))

    assert Counter(response.status_code for response in responses) == {204: 1, 400: 7}
    [chosen] = [p for p, r in zip(passwords, responses, strict=True) if r.status_code == 204]
    assert await log_in(anonymous, user.email, chosen)


async def test_only_the_newest_token_is_valid(
    anonymous: AsyncClient, mailbox: Mailbox, user: User, token: str
) -> None:
    newest = await request_reset(anonymous, mailbox, user.email)

    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")
    assert (await reset(anonymous, newest)).status_code == 204


async def test_of_parallel_requests_for_mails_one_token_is_valid(
    anonymous: AsyncClient, mailbox: Mailbox, user: User
) -> None:
    asked = [anonymous.post(FORGOT, json={"email": user.email}) for _ in range(4)]
    responses = await asyncio.gather(*asked)

    assert [response.status_code for response in responses] == [202] * 4
    tokens = [mail["context"]["token"] for mail in await mailbox()]
    statuses = Counter([(await reset(anonymous, token)).status_code for token in tokens])
    assert statuses == {204: 1, 400: 3}


async def test_a_reset_token_expires_after_half_an_hour(
    anonymous: AsyncClient, session: AsyncSession, token: str
) -> None:
    end = await session.scalar(select(OneTimeToken.expires_at))
    assert end is not None
    assert timedelta(minutes=29) < end - utc_now() <= timedelta(minutes=30)

    await session.execute(update(OneTimeToken).values(expires_at=utc_now()))

    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")


@pytest.mark.parametrize("password", ["short", "password1234"])
async def test_a_rejected_password_does_not_use_the_token_up(
    anonymous: AsyncClient, user: User, token: str, password: str
) -> None:
    assert_problem(await reset(anonymous, token, password), 422, "password_rejected")

    assert await log_in(anonymous, user.email)
    assert (await reset(anonymous, token)).status_code == 204


async def test_a_disabled_user_cannot_reset_the_password(
    anonymous: AsyncClient, client: AsyncClient, user: User, token: str
) -> None:
    await client.patch(f"{USERS}/{user.id}", json={"is_active": False})

    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")


@pytest.mark.parametrize("token", ["nonsense", "é", "a" * 512])
async def test_an_unknown_reset_token_is_invalid(anonymous: AsyncClient, token: str) -> None:
    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")


async def test_changing_the_password_deletes_the_reset_token(
    user_client: AsyncClient, anonymous: AsyncClient, token: str
) -> None:
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await user_client.post(f"{AUTH}/password", json=change)

    response = await reset(anonymous, token)

    assert_problem(response, 400, "reset_token_invalid")
