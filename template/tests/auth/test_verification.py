"""Verification of addresses: POST /api/v1/auth/email/verification and /verify."""

import asyncio
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import OneTimeToken, TokenPurpose
from app.models.user import User
from tests.auth.examples import store_token
from tests.auth.factories import ME, PASSWORD, USERS, log_in, make_user
from tests.auth.fixtures import Mailbox
from tests.auth.mails import RESEND, mailed, mailed_by, newest_token, register, verify
from tests.auth.resets import request_reset, reset
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

EMAIL = "ada@example.com"
INVALID = (400, "verification_token_invalid")


async def is_verified(session: AsyncSession, email: str = EMAIL) -> bool | None:
    return await session.scalar(select(User.email_verified).where(User.email == email))


async def test_the_mailed_token_verifies_the_address(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    registered = await register(anonymous, EMAIL)
    assert registered.json()["email_verified"] is False

    response = await verify(anonymous, await newest_token(mailbox))

    assert (response.status_code, response.content) == (204, b"")
    assert await is_verified(session)


async def test_the_mail_has_the_token_and_the_database_its_hash(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    await register(anonymous, EMAIL)

    [mail] = await mailed(mailbox, "email_verification")
    token = mail["context"]["token"]
    assert (mail["to"], mail["context"]) == (EMAIL, {"token": token, "hours": "24"})
    assert token in mail["text"]
    stored = await session.scalar(select(OneTimeToken.fingerprint))
    assert stored == sha256(token.encode()).hexdigest()


async def test_an_unverified_account_may_log_in_by_default(anonymous: AsyncClient) -> None:
    await register(anonymous, EMAIL)

    assert await log_in(anonymous, EMAIL)


async def test_a_token_works_once(anonymous: AsyncClient, mailbox: Mailbox) -> None:
    await register(anonymous, EMAIL)
    token = await newest_token(mailbox)

    responses = await asyncio.gather(*(verify(anonymous, token) for _ in range(6)))

    assert Counter(response.status_code for response in responses) == {204: 1, 400: 5}
    assert_problem(await verify(anonymous, token), *INVALID)


async def test_only_the_newest_token_is_valid(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    await register(anonymous, EMAIL)
    old = await newest_token(mailbox)
    await anonymous.post(RESEND, json={"email": EMAIL.upper()})

    assert_problem(await verify(anonymous, old), *INVALID)

    assert not await is_verified(session)
    assert (await verify(anonymous, await newest_token(mailbox))).status_code == 204


async def test_a_token_expires_after_a_day(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    await register(anonymous, EMAIL)
    end = await session.scalar(select(OneTimeToken.expires_at))
    assert end is not None
    assert timedelta(hours=23) < end - utc_now() <= timedelta(hours=24)

    await session.execute(update(OneTimeToken).values(expires_at=utc_now()))

    assert_problem(await verify(anonymous, await newest_token(mailbox)), *INVALID)


@pytest.mark.parametrize("token", ["nonsense", "é", "a" * 512])
async def test_an_unknown_token_is_invalid(anonymous: AsyncClient, token: str) -> None:
    assert_problem(await verify(anonymous, token), *INVALID)


async def test_a_token_is_good_for_its_own_account_and_purpose_only(
    anonymous: AsyncClient, user_client: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    mine = await make_user(session, email_verified=False)
    other = await make_user(session, email_verified=False)
    token = await store_token(session, mine, TokenPurpose.EMAIL_VERIFICATION)
    reset_token = await request_reset(anonymous, mailbox, other.email)

    assert_problem(await verify(anonymous, reset_token), *INVALID)
    refused = await reset(anonymous, token)
    assert_problem(refused, 400, "reset_token_invalid")
    assert (await verify(user_client, token)).status_code == 204

    assert await is_verified(session, mine.email)
    assert not await is_verified(session, other.email)


async def test_the_token_of_a_disabled_account_is_invalid(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    user = await make_user(session, email_verified=False, is_active=False)

    token = await store_token(session, user, TokenPurpose.EMAIL_VERIFICATION)

    assert_problem(await verify(anonymous, token), *INVALID)


async def test_another_mail_is_sent_to_unverified_accounts_only(
    anonymous: AsyncClient, session: AsyncSession, user: User, mailbox: Mailbox
) -> None:
    waiting = await make_user(session, email_verified=False)
    disabled = await make_user(session, email_verified=False, is_active=False)
    emails = [waiting.email, user.email, disabled.email, "unknown@example.com"]

    responses = [await anonymous.post(RESEND, json={"email": email}) for email in emails]

    assert {response.status_code for response in responses} == {202}
    assert len({response.text for response in responses}) == 1
    assert [mail["to"] for mail in await mailbox()] == [waiting.email]


async def test_the_sixth_mail_in_a_minute_is_limited(new_client: AsyncClient) -> None:
    body = {"email": "unknown@example.com"}
    statuses = [(await new_client.post(RESEND, json=body)).status_code for _ in range(6)]

    assert statuses == [202] * 5 + [429]


async def test_the_host_header_gets_into_no_mail(anonymous: AsyncClient, mailbox: Mailbox) -> None:
    anonymous.headers |= {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}

    await register(anonymous, EMAIL)

    [mail] = await mailed(mailbox, "email_verification")
    assert "evil.example" not in str(mail)
    assert mail["context"].keys() == {"token", "hours"}


async def test_a_reset_of_the_password_verifies_the_address(
    anonymous: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    user = await make_user(session, email_verified=False)

    await reset(anonymous, await request_reset(anonymous, mailbox, user.email))

    assert await is_verified(session, user.email)


async def test_accounts_that_superusers_add_are_verified(client: AsyncClient) -> None:
    added = await client.post(USERS, json={"email": EMAIL, "password": PASSWORD})

    assert added.json()["email_verified"] is True


async def test_without_verification_no_token_is_mailed(
    make_app: MakeApp, mailbox: Mailbox, session: AsyncSession
) -> None:
    app = await make_app(EMAIL_VERIFICATION="off")
    async with connect(app) as client:
        await register(client, EMAIL)
        assert (await client.post(RESEND, json={"email": EMAIL})).status_code == 202
        mails = await mailed_by(app, mailbox)

    assert [mail["template"] for mail in mails] == ["welcome"]


async def test_an_account_of_an_older_release_counts_as_verified(
    user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    columns = User.__table__.c
    assert columns.email_verified.server_default is not None
    assert columns.failed_logins.server_default is not None

    assert (await user_client.get(ME)).json()["email_verified"] is True
