"""LOGIN_MAX_FAILURES: after so many wrong passwords in a row, no password is accepted."""

import asyncio
from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    USERS,
    bearer,
    credentials,
    log_in,
)
from tests.auth.fixtures import Mailbox
from tests.auth.mails import mailed_by
from tests.auth.resets import request_reset, reset
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

WRONG = "some other long password"
LIMIT = 3


@pytest.fixture
async def guarded_app(make_app: MakeApp, mailbox: Mailbox) -> FastAPI:
    """An app that locks an account after three wrong passwords, and limits nothing else."""
    return await make_app(LOGIN_MAX_FAILURES=str(LIMIT), RATE_LIMIT_LOGIN="1000/minute")


@pytest.fixture
async def guarded(guarded_app: FastAPI) -> AsyncGenerator[AsyncClient]:
    """A client of it without credentials."""
    async with connect(guarded_app) as client:
        yield client


async def attempt(client: AsyncClient, email: str, password: str = WRONG) -> Response:
    return await client.post(f"{AUTH}/login", data=credentials(email, password))


async def lock(client: AsyncClient, email: str) -> None:
    for _ in range(LIMIT):
        assert_problem(await attempt(client, email), 401, "invalid_credentials")


async def failures(session: AsyncSession) -> int | None:
    return await session.scalar(select(User.failed_logins))


async def test_a_locked_account_refuses_the_right_password_with_the_same_answer(
    guarded: AsyncClient, user: User
) -> None:
    wrong = await attempt(guarded, user.email)
    await lock(guarded, user.email)

    right = await attempt(guarded, user.email, PASSWORD)

    bodies = [assert_problem(answer, 401, "invalid_credentials") for answer in (wrong, right)]
    for body in bodies:
        body.pop("request_id")
    assert bodies[0] == bodies[1]
    assert wrong.headers.keys() == right.headers.keys()


async def test_a_success_resets_the_count(
    guarded: AsyncClient, session: AsyncSession, user: User
) -> None:
    for _ in range(2):
        for _ in range(LIMIT - 1):
            await attempt(guarded, user.email)
        assert await failures(session) == LIMIT - 1

        assert await log_in(guarded, user.email)

    assert await failures(session) == 0


async def test_the_count_is_in_the_database_and_outlives_a_restart(
    guarded: AsyncClient, make_app: MakeApp, user: User
) -> None:
    await lock(guarded, user.email)

    async with connect(await make_app()) as restarted:
        refused = await attempt(restarted, user.email, PASSWORD)

    assert_problem(refused, 401, "invalid_credentials")


async def test_the_owner_is_mailed_once(
    guarded_app: FastAPI, guarded: AsyncClient, user: User, mailbox: Mailbox
) -> None:
    await lock(guarded, user.email)
    for _ in range(3):
        await attempt(guarded, user.email)

    [mail] = await mailed_by(guarded_app, mailbox)
    assert (mail["to"], mail["template"]) == (user.email, "account_locked")


async def test_parallel_guesses_do_not_exceed_the_limit(
    guarded_app: FastAPI,
    guarded: AsyncClient,
    session: AsyncSession,
    user: User,
    mailbox: Mailbox,
) -> None:
    await asyncio.gather(*(attempt(guarded, user.email) for _ in range(20)))

    assert await failures(session) == LIMIT
    assert len(await mailed_by(guarded_app, mailbox)) == 1


async def test_the_current_password_counts_and_is_locked_too(
    guarded_app: FastAPI, guarded: AsyncClient, session: AsyncSession, user: User
) -> None:
    guarded.headers |= await bearer(guarded_app, session, user)
    change = {"current_password": WRONG, "new_password": NEW_PASSWORD}
    for _ in range(LIMIT):
        refused = await guarded.post(f"{AUTH}/password", json=change)
        assert_problem(refused, 422, "incorrect_password")

    right = await guarded.post(f"{AUTH}/password", json=change | {"current_password": PASSWORD})

    assert_problem(right, 422, "incorrect_password")
    assert_problem(await attempt(guarded, user.email, PASSWORD), 401, "invalid_credentials")
    assert (await guarded.get(ME)).status_code == 200


async def test_sessions_of_a_locked_account_live_on(guarded: AsyncClient, user: User) -> None:
    tokens = await log_in(guarded, user.email)
    await lock(guarded, user.email)

    body = {"refresh_token": tokens["refresh_token"]}
    assert (await guarded.post(f"{AUTH}/refresh", json=body)).status_code == 200


async def test_a_reset_by_mail_unlocks(
    guarded: AsyncClient, anonymous: AsyncClient, user: User, mailbox: Mailbox
) -> None:
    await lock(guarded, user.email)

    await reset(anonymous, await request_reset(anonymous, mailbox, user.email))

    assert await log_in(guarded, user.email, NEW_PASSWORD)


async def test_a_superusers_password_unlocks(
    guarded: AsyncClient, client: AsyncClient, user: User
) -> None:
    await lock(guarded, user.email)

    await client.patch(f"{USERS}/{user.id}", json={"password": NEW_PASSWORD})

    assert await log_in(guarded, user.email, NEW_PASSWORD)


async def test_unknown_accounts_cannot_be_locked(guarded: AsyncClient) -> None:
    answers = [await attempt(guarded, "unknown@example.com") for _ in range(LIMIT + 2)]

    assert {answer.status_code for answer in answers} == {401}


async def test_a_count_does_not_change_when_the_account_was_changed(
    guarded: AsyncClient, session: AsyncSession, user: User
) -> None:
    await attempt(guarded, user.email)
    await log_in(guarded, user.email)

    assert await session.scalar(select(User.updated_at)) == user.updated_at


async def test_the_default_is_a_hundred_failures(
    anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    await session.execute(update(User).values(failed_logins=99))
    assert await log_in(anonymous, user.email)
    await session.execute(update(User).values(failed_logins=100))

    assert_problem(await attempt(anonymous, user.email, PASSWORD), 401, "invalid_credentials")
