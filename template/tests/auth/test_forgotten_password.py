"""POST /api/v1/auth/password/forgot."""

from hashlib import sha256

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.auth import OneTimeToken
from app.models.user import User
from tests.auth.factories import (
    log_in,
    make_user,
)
from tests.auth.fixtures import Mailbox
from tests.auth.resets import FORGOT
from tests.clients import connect
from tests.conftest import MakeClient
from tests.problems import assert_problem
from tests.transactions import failing_commits, send_before_commit


async def test_the_answer_does_not_reveal_accounts(
    anonymous: AsyncClient, session: AsyncSession, user: User, mailbox: Mailbox
) -> None:
    disabled = await make_user(session, is_active=False)
    emails = [user.email.upper(), disabled.email, "unknown@example.com"]

    responses = [await anonymous.post(FORGOT, json={"email": email}) for email in emails]

    assert {response.status_code for response in responses} == {202}
    assert len({response.text for response in responses}) == 1
    assert [mail["to"] for mail in await mailbox()] == [user.email]


async def test_the_mail_has_the_token_and_the_database_its_hash(
    session: AsyncSession, mailbox: Mailbox, token: str
) -> None:
    [mail] = await mailbox()

    assert mail["template"] == "password_reset"
    assert mail["context"] == {"token": token, "minutes": "30"}
    assert token in mail["text"]
    assert token in mail["html"]
    assert await session.scalar(select(OneTimeToken.fingerprint)) == (
        sha256(token.encode()).hexdigest()
    )


async def test_the_sixth_mail_in_a_minute_is_limited(
    app: FastAPI, anonymous: AsyncClient, user: User, mailbox: Mailbox
) -> None:
    body = {"email": user.email}
    statuses = [(await anonymous.post(FORGOT, json=body)).status_code for _ in range(5)]

    response = await anonymous.post(FORGOT, json=body)

    assert statuses == [202] * 5
    assert_problem(response, 429, "rate_limited")
    assert 1 <= int(response.headers["retry-after"]) <= 60
    assert len(await mailbox()) == 5
    async with connect(app, address="192.0.2.1") as elsewhere:
        assert (await elsewhere.post(FORGOT, json=body)).status_code == 202


async def test_reset_mails_do_not_count_as_logins(anonymous: AsyncClient, user: User) -> None:
    for _ in range(5):
        await anonymous.post(FORGOT, json={"email": user.email})

    assert await log_in(anonymous, user.email)


async def test_no_mail_is_sent_when_the_token_is_not_stored(
    anonymous: AsyncClient, database: Database, user: User, mailbox: Mailbox
) -> None:
    with failing_commits(database.engine):
        response = await anonymous.post(FORGOT, json={"email": user.email})

    assert response.status_code == 202
    assert await mailbox() == []


async def test_reset_mails_of_one_address_are_limited(make_client: MakeClient, user: User) -> None:
    client = await make_client(RATE_LIMIT_LOGIN="1/hour")

    emails = [f"victim{number}@example.com" for number in range(11)]
    statuses = [(await client.post(FORGOT, json={"email": email})).status_code for email in emails]

    assert statuses == [202] * 10 + [429]


async def test_an_account_that_is_deleted_meanwhile_gets_no_token(
    anonymous: AsyncClient,
    user: User,
    database: Database,
    mailbox: Mailbox,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with database.transactions() as other:
        await other.execute(delete(User))
        request = anonymous.post(FORGOT, json={"email": user.email})
        response = await send_before_commit(request, other)

    assert response.status_code == 202
    assert await mailbox() == []
    assert "unhandled_error" not in capsys.readouterr().out
