"""A change of address is pending until the new one is verified."""

import asyncio
from collections import Counter

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import AUTH, ME, NEW_PASSWORD, PASSWORD, USERS, log_in, make_user
from tests.auth.fixtures import ClientOf, Mailbox
from tests.auth.mails import RESEND, change_email, mailed, mailed_by, newest_token, verify
from tests.auth.resets import request_reset, reset
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

NEW_EMAIL = "duchess@example.com"
INVALID = (400, "verification_token_invalid")


@pytest.fixture(autouse=True)
async def no_mails_counted(app: FastAPI) -> None:
    """Reset the count of mails of other tests: all use one address of the network."""
    await app.state.auth.verification_throttle.reset(NEW_EMAIL, "127.0.0.1")


@pytest.fixture
async def change_token(user_client: AsyncClient, mailbox: Mailbox) -> str:
    """The token for a change of the user's address to `NEW_EMAIL`."""
    response = await change_email(user_client, NEW_EMAIL.upper())
    assert response.status_code == 200, response.text
    return await newest_token(mailbox)


async def test_an_address_changes_when_the_new_one_is_verified(
    user_client: AsyncClient,
    anonymous: AsyncClient,
    user: User,
    mailbox: Mailbox,
    change_token: str,
) -> None:
    before = (await user_client.get(ME)).json()
    assert (before["email"], before["pending_email"]) == (user.email, NEW_EMAIL)
    assert [mail["to"] for mail in await mailbox()] == [NEW_EMAIL]

    assert (await verify(anonymous, change_token)).status_code == 204

    after = (await user_client.get(ME)).json()
    assert (after["email"], after["pending_email"]) == (NEW_EMAIL, None)
    assert after["email_verified"] is True
    [notice] = await mailed(mailbox, "email_changed")
    assert notice["to"] == user.email
    assert await log_in(anonymous, NEW_EMAIL)
    assert_problem(await verify(anonymous, change_token), *INVALID)


async def test_a_token_for_an_older_change_is_invalid(
    user_client: AsyncClient, user: User, mailbox: Mailbox, change_token: str
) -> None:
    await change_email(user_client, "second@example.com")

    assert_problem(await verify(user_client, change_token), *INVALID)

    assert (await user_client.get(ME)).json()["email"] == user.email
    assert (await verify(user_client, await newest_token(mailbox))).status_code == 204
    assert (await user_client.get(ME)).json()["email"] == "second@example.com"


async def test_a_change_that_waits_is_cancelled_by_the_current_address(
    user_client: AsyncClient, user: User, change_token: str
) -> None:
    response = await user_client.patch(ME, json={"email": user.email})

    assert response.json()["pending_email"] is None
    assert_problem(await verify(user_client, change_token), *INVALID)


async def test_a_new_password_cancels_a_change(user_client: AsyncClient, change_token: str) -> None:
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    await user_client.post(f"{AUTH}/password", json=change)

    assert (await user_client.get(ME)).json()["pending_email"] is None
    assert_problem(await verify(user_client, change_token), *INVALID)


async def test_a_reset_of_the_password_cancels_a_change(
    anonymous: AsyncClient,
    client: AsyncClient,
    user: User,
    mailbox: Mailbox,
    change_token: str,
) -> None:
    await reset(anonymous, await request_reset(anonymous, mailbox, user.email))

    assert (await client.get(f"{USERS}/{user.id}")).json()["pending_email"] is None
    assert_problem(await verify(anonymous, change_token), *INVALID)


async def test_a_reset_token_for_the_old_address_is_invalid_after_a_change(
    anonymous: AsyncClient, user: User, mailbox: Mailbox, change_token: str
) -> None:
    token = await request_reset(anonymous, mailbox, user.email)
    await verify(anonymous, change_token)

    assert_problem(await reset(anonymous, token), 400, "reset_token_invalid")


async def test_another_mail_is_sent_to_a_pending_address(
    user_client: AsyncClient, anonymous: AsyncClient, mailbox: Mailbox, change_token: str
) -> None:
    await anonymous.post(RESEND, json={"email": NEW_EMAIL})

    token = await newest_token(mailbox)
    assert token != change_token
    assert_problem(await verify(anonymous, change_token), *INVALID)
    assert (await verify(anonymous, token)).status_code == 204
    assert (await user_client.get(ME)).json()["email"] == NEW_EMAIL


async def test_of_two_accounts_that_verify_one_address_in_parallel_one_gets_it(
    client_of: ClientOf, session: AsyncSession, anonymous: AsyncClient, mailbox: Mailbox
) -> None:
    clients = [await client_of(await make_user(session)) for _ in range(2)]
    tokens = []
    for client in clients:
        assert (await change_email(client, NEW_EMAIL)).status_code == 200
        tokens.append(await newest_token(mailbox))

    responses = await asyncio.gather(*(verify(anonymous, token) for token in tokens))

    assert Counter(response.status_code for response in responses) == {204: 1, 409: 1}
    for response in responses:
        if response.status_code == 409:
            assert_problem(response, 409, "email_taken")
    owners = [(await client.get(ME)).json()["email"] for client in clients]
    assert owners.count(NEW_EMAIL) == 1


async def test_a_token_gives_the_address_to_its_own_account(
    user_client: AsyncClient,
    client_of: ClientOf,
    session: AsyncSession,
    anonymous: AsyncClient,
    change_token: str,
) -> None:
    other = await client_of(await make_user(session))
    assert (await change_email(other, NEW_EMAIL)).status_code == 200

    assert (await verify(anonymous, change_token)).status_code == 204

    assert (await user_client.get(ME)).json()["email"] == NEW_EMAIL
    assert (await other.get(ME)).json()["pending_email"] == NEW_EMAIL


async def test_a_superusers_change_acts_at_once_and_the_old_address_gets_a_notice(
    client: AsyncClient, anonymous: AsyncClient, user: User, mailbox: Mailbox, change_token: str
) -> None:
    response = await client.patch(f"{USERS}/{user.id}", json={"email": "given@example.com"})

    body = response.json()
    assert (body["email"], body["pending_email"]) == ("given@example.com", None)
    assert body["email_verified"] is True
    assert [mail["to"] for mail in await mailed(mailbox, "email_changed")] == [user.email]
    assert_problem(await verify(anonymous, change_token), *INVALID)


async def test_without_verification_an_address_changes_at_once(
    make_app: MakeApp, anonymous: AsyncClient, user: User, mailbox: Mailbox
) -> None:
    app = await make_app(EMAIL_VERIFICATION="off")
    async with connect(app) as client:
        tokens = await log_in(client, user.email)
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        body = (await change_email(client, NEW_EMAIL)).json()

    assert (body["email"], body["pending_email"], body["email_verified"]) == (
        *(NEW_EMAIL, None, False),
    )
    [notice] = await mailed_by(app, mailbox)
    assert (notice["to"], notice["template"]) == (user.email, "email_changed")


async def test_mails_to_new_addresses_are_limited(user_client: AsyncClient) -> None:
    statuses = [(await change_email(user_client, NEW_EMAIL)).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]
