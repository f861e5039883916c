"""POST /api/v1/auth/register."""

import asyncio
import json
from collections import Counter

import pytest
from httpx2 import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.user import User
from tests.auth.factories import AUTH, ME, PASSWORD, authorization, log_in
from tests.auth.fixtures import Mailbox
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem
from tests.transactions import failing_commits

REGISTER = f"{AUTH}/register"
ADA = {"email": "ada@example.com", "password": PASSWORD, "full_name": "Ada Lovelace"}


async def test_a_new_account_can_log_in_and_is_at_its_location(anonymous: AsyncClient) -> None:
    response = await anonymous.post(REGISTER, json=ADA)

    assert response.status_code == 201
    tokens = await log_in(anonymous, ADA["email"])
    anonymous.headers |= authorization(tokens["access_token"])
    found = await anonymous.get(response.headers["location"])
    assert found.json() == response.json() == (await anonymous.get(ME)).json()


async def test_a_new_account_is_no_superuser(anonymous: AsyncClient) -> None:
    user = (await anonymous.post(REGISTER, json=ADA)).json()

    assert user.keys() - {"roles", "permissions"} == {
        *("id", "email", "email_verified", "pending_email", "full_name"),
        *("is_active", "is_superuser", "created_at", "updated_at"),
    }
    assert (user["is_active"], user["is_superuser"]) == (True, False)
    assert (user["email"], user["full_name"]) == ("ada@example.com", "Ada Lovelace")


async def test_only_a_hash_of_the_password_is_stored(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    accepted = await anonymous.post(REGISTER, json=ADA)
    refused = await anonymous.post(REGISTER, json=ADA | {"email": 1, "no such field": PASSWORD})

    assert PASSWORD not in accepted.text + refused.text
    assert "password" not in accepted.text
    kept = await session.scalar(select(User.password_hash))
    assert kept is not None
    assert kept.startswith("$argon2id$")


@pytest.mark.parametrize("email", ["ada@example.com", "ADA@Example.COM"])
async def test_an_email_is_taken_in_any_letter_case(anonymous: AsyncClient, email: str) -> None:
    await anonymous.post(REGISTER, json=ADA | {"email": "Ada@example.com"})

    response = await anonymous.post(REGISTER, json=ADA | {"email": email})

    assert_problem(response, 409, "email_taken")


async def test_of_parallel_registrations_of_an_email_one_succeeds(
    anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    bodies = [ADA | {"email": email} for email in ("ada@example.com", "ADA@example.com") * 4]

    responses = await asyncio.gather(*(anonymous.post(REGISTER, json=body) for body in bodies))

    assert Counter(response.status_code for response in responses) == {201: 1, 409: 7}
    assert [mail["template"] for mail in await mailbox()].count("welcome") == 1


async def test_a_closed_registration_adds_no_account(
    make_app: MakeApp, session: AsyncSession, mailbox: Mailbox
) -> None:
    async with connect(await make_app(REGISTRATION_ENABLED="false")) as client:
        response = await client.post(REGISTER, json=ADA)

    assert_problem(response, 403, "registration_closed")
    assert await session.scalar(select(User.id)) is None
    assert await mailbox() == []


@pytest.mark.parametrize(
    "change",
    [
        {"is_superuser": True},
        {"is_active": True},
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"email": "ada"},
        {"email": "a" * 250 + "@example.com"},
        {"email": None},
        {"full_name": ""},
        {"full_name": "Ada\x00"},
        {"full_name": "a" * 201},
        {"password": None},
        {"password": 123456789012},
    ],
    ids=str,
)
async def test_a_body_that_is_not_a_registration_is_refused(
    anonymous: AsyncClient, session: AsyncSession, change: dict[str, object]
) -> None:
    response = await anonymous.post(REGISTER, json=ADA | change)

    assert_problem(response, 422, "validation_error")
    assert await session.scalar(select(User.id)) is None


async def test_an_email_may_have_a_tag(anonymous: AsyncClient) -> None:
    response = await anonymous.post(REGISTER, json=ADA | {"email": "first.last+tag@b.co"})

    assert response.json()["email"] == "first.last+tag@b.co"


async def test_a_registration_sends_a_welcome_mail(
    anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    await anonymous.post(REGISTER, json=ADA)

    [mail] = [mail for mail in await mailbox() if mail["template"] == "welcome"]
    assert mail["to"] == "ada@example.com"
    assert mail["context"] == {"name": "Ada Lovelace"}
    assert "Ada Lovelace" in mail["text"]


async def test_a_welcome_mail_without_a_name_uses_the_email(
    anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    await anonymous.post(REGISTER, json={"email": ADA["email"], "password": PASSWORD})

    assert {"name": "ada@example.com"} in [mail["context"] for mail in await mailbox()]


async def test_no_mail_and_no_event_when_the_commit_fails(
    anonymous: AsyncClient,
    database: Database,
    mailbox: Mailbox,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with failing_commits(database.engine):
        response = await anonymous.post(REGISTER, json=ADA)

    assert response.status_code >= 500
    assert await mailbox() == []
    assert "user_registered" not in capfd.readouterr().out


async def test_a_registration_is_logged(
    anonymous: AsyncClient, capfd: pytest.CaptureFixture[str]
) -> None:
    user = (await anonymous.post(REGISTER, json=ADA)).json()

    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    [event] = [line for line in lines if line["event"] == "user_registered"]
    assert event["user_id"] == user["id"]
    assert event["request_id"]
