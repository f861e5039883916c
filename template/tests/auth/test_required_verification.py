"""EMAIL_VERIFICATION=required: registration reveals no account, and a login needs an address."""

import asyncio
import time
from collections.abc import AsyncGenerator
from statistics import median, quantiles

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    bearer,
    credentials,
    log_in,
    make_user,
)
from tests.auth.fixtures import Mailbox
from tests.auth.mails import change_email, mailed_by, register, verify
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

EMAIL = "ada@example.com"
WRONG = "some other long password"
TRIES = 50


@pytest.fixture
async def strict_app(make_app: MakeApp, mailbox: Mailbox) -> FastAPI:
    """An app that requires verified addresses."""
    return await make_app(EMAIL_VERIFICATION="required")


@pytest.fixture
async def strict(strict_app: FastAPI) -> AsyncGenerator[AsyncClient]:
    """A client of it without credentials."""
    async with connect(strict_app) as client:
        yield client


async def test_a_login_needs_a_verified_address(
    strict_app: FastAPI, strict: AsyncClient, mailbox: Mailbox
) -> None:
    response = await register(strict, "ADA@example.com")

    assert (response.status_code, response.json()) == (202, {"email": EMAIL})
    assert "location" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    [mail] = await mailed_by(strict_app, mailbox)
    login = await strict.post(f"{AUTH}/login", data=credentials(EMAIL))
    assert_problem(login, 403, "email_not_verified")
    wrong = await strict.post(f"{AUTH}/login", data=credentials(EMAIL, WRONG))
    assert_problem(wrong, 401, "invalid_credentials")
    assert (await verify(strict, mail["context"]["token"])).status_code == 204
    assert await log_in(strict, EMAIL)


async def test_a_known_address_gets_the_same_answer_and_a_notice(
    strict_app: FastAPI, strict: AsyncClient, session: AsyncSession, user: User, mailbox: Mailbox
) -> None:
    known = await register(strict, user.email, NEW_PASSWORD)
    unknown = await register(strict, EMAIL, NEW_PASSWORD)

    assert known.status_code == unknown.status_code == 202
    assert known.json() == {"email": user.email}
    varying = {"x-request-id", "content-length", "ratelimit"}
    assert known.headers.keys() == unknown.headers.keys()
    for name in known.headers.keys() - varying:
        assert known.headers[name] == unknown.headers[name]
    mails = await mailed_by(strict_app, mailbox)
    assert {mail["to"]: mail["template"] for mail in mails} == {
        user.email: "account_exists",
        EMAIL: "email_verification",
    }
    assert await log_in(strict, user.email)
    stored = await session.get(User, user.id, populate_existing=True)
    assert stored is not None
    assert stored.updated_at == user.updated_at


@pytest.mark.process
async def test_fifty_answers_differ_neither_in_what_they_say_nor_in_their_time(
    strict: AsyncClient, user: User
) -> None:
    times: dict[bool, list[float]] = {True: [], False: []}
    said: dict[bool, set[tuple[int, str, tuple[str, ...]]]] = {True: set(), False: set()}
    for number in range(TRIES):
        for known in (True, False):
            email = user.email if known else f"new{number}@example.com"
            started = time.perf_counter()
            answer = await register(strict, email)
            times[known].append(time.perf_counter() - started)
            body = answer.text.replace(email, "EMAIL")
            said[known].add((answer.status_code, body, tuple(answer.headers)))

    assert said[True] == said[False] == {(202, '{"email":"EMAIL"}', tuple(answer.headers))}
    # The hashes of tests cost nothing, so that what else is done would show.
    assert 0.67 < median(times[True]) / median(times[False]) < 1.5
    p95 = {known: quantiles(values, n=20)[-1] for known, values in times.items()}
    assert 0.4 < p95[True] / p95[False] < 2.5


async def test_the_newest_registration_of_an_unverified_address_counts(
    strict_app: FastAPI, strict: AsyncClient, session: AsyncSession, mailbox: Mailbox
) -> None:
    tokens = []
    for password in (WRONG, NEW_PASSWORD):
        await register(strict, EMAIL, password)
        tokens.append((await mailed_by(strict_app, mailbox))[-1]["context"]["token"])

    old, new = tokens
    assert_problem(await verify(strict, old), 400, "verification_token_invalid")
    assert (await verify(strict, new)).status_code == 204

    assert await log_in(strict, EMAIL, NEW_PASSWORD)
    refused = await strict.post(f"{AUTH}/login", data=credentials(EMAIL, WRONG))
    assert_problem(refused, 401, "invalid_credentials")
    assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_registering_an_unverified_address_anew_ends_its_sessions(
    strict_app: FastAPI, strict: AsyncClient, session: AsyncSession
) -> None:
    squatter = await make_user(session, email=EMAIL, email_verified=False)
    headers = await bearer(strict_app, session, squatter)
    assert (await strict.get(ME, headers=headers)).status_code == 200

    await register(strict, EMAIL, NEW_PASSWORD)

    assert_problem(await strict.get(ME, headers=headers), 401, "token_revoked")


async def test_parallel_registrations_of_an_address_get_the_same_answer(
    strict: AsyncClient, session: AsyncSession
) -> None:
    responses = await asyncio.gather(*(register(strict, EMAIL) for _ in range(6)))

    assert [response.status_code for response in responses] == [202] * 6
    assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_a_change_to_a_taken_address_reveals_nothing(
    strict_app: FastAPI, session: AsyncSession, user: User, mailbox: Mailbox
) -> None:
    taken = await make_user(session)
    async with connect(strict_app, await bearer(strict_app, session, user)) as client:
        response = await change_email(client, taken.email)

    assert response.status_code == 200
    body = response.json()
    assert (body["email"], body["pending_email"]) == (user.email, taken.email)
    [mail] = await mailed_by(strict_app, mailbox)
    assert (mail["to"], mail["template"]) == (taken.email, "account_exists")
    assert mail["context"] == {}


async def test_a_password_is_rejected_for_every_address(strict: AsyncClient, user: User) -> None:
    for email in (user.email, EMAIL):
        assert_problem(await register(strict, email, "short"), 422, "password_rejected")

    assert PASSWORD not in (await register(strict, EMAIL)).text


async def test_one_address_is_sent_fifty_mails_a_minute_at_most(
    strict_app: FastAPI, strict: AsyncClient, mailbox: Mailbox
) -> None:
    responses = [await register(strict, EMAIL) for _ in range(51)]

    assert [response.status_code for response in responses] == [202] * 50 + [429]
    assert_problem(responses[-1], 429, "rate_limited")
    assert len(await mailed_by(strict_app, mailbox)) == 50
    assert (await register(strict, "other@example.com")).status_code == 202
