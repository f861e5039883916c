"""POST /api/v1/auth/login."""

import asyncio
import time
from collections.abc import Awaitable
from statistics import quantiles
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.main import create_app
from app.models.user import User
from tests.auth.factories import (
    AUTH,
    ME,
    PASSWORD,
    authorization,
    credentials,
    log_in,
    make_user,
)
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

LOGIN = f"{AUTH}/login"
WRONG = "some other long password"
# What the service costs in production; the tests' own hashes cost nothing.
REAL_HASHES = {"PASSWORD_HASH_MEMORY_KIB": "65536", "PASSWORD_HASH_ITERATIONS": "3"}
WEAKER_HASHES = {"PASSWORD_HASH_MEMORY_KIB": "32768", "PASSWORD_HASH_ITERATIONS": "2"}


async def seconds(work: Awaitable[object]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started


async def look(client: AsyncClient) -> None:
    await asyncio.sleep(0.001)  # without a network between, nothing else lets others go on
    assert (await client.get("/health/live")).status_code == 200


async def test_a_login_returns_valid_tokens(anonymous: AsyncClient, user: User) -> None:
    response = await anonymous.post(LOGIN, data=credentials(user.email))

    tokens = response.json()
    assert tokens.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 15 * 60)
    assert response.headers["cache-control"] == "no-store"
    me = await anonymous.get(ME, headers=authorization(tokens["access_token"]))
    assert me.json()["email"] == user.email


async def test_the_email_is_case_insensitive(anonymous: AsyncClient, user: User) -> None:
    assert await log_in(anonymous, user.email.upper())


@pytest.mark.parametrize("grant", ["password", None])
async def test_a_login_is_an_oauth2_form(
    anonymous: AsyncClient, user: User, grant: str | None
) -> None:
    form = credentials(user.email) | ({"grant_type": grant, "scope": ""} if grant else {})

    assert (await anonymous.post(LOGIN, data=form)).status_code == 200
    assert_problem(await anonymous.post(LOGIN, json=form), 422, "validation_error")


async def test_unknown_wrong_and_disabled_get_the_same_answer(
    anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    disabled = await make_user(session, is_active=False)
    attempts = [("unknown@example.com", PASSWORD), (user.email, WRONG), (disabled.email, PASSWORD)]

    responses = [await anonymous.post(LOGIN, data=credentials(*attempt)) for attempt in attempts]

    bodies = [assert_problem(response, 401, "invalid_credentials") for response in responses]
    for body in bodies:
        body.pop("request_id")
    assert bodies[0] == bodies[1] == bodies[2]
    assert {response.headers["www-authenticate"] for response in responses} == {"Bearer"}


@pytest.mark.parametrize(
    "name", [" ", "a" * 100_000, "ada\x00@example.com", "\ufffd", "' OR 1=1 --"]
)
async def test_an_impossible_username_is_unknown(anonymous: AsyncClient, name: str) -> None:
    response = await anonymous.post(LOGIN, data=credentials(name))

    assert_problem(response, 401, "invalid_credentials")


@pytest.mark.parametrize("name", [b"%FF", b"%ED%A0%80", b"%00", b"a&username=b"])
async def test_a_form_with_undecodable_text_is_a_client_error(
    anonymous: AsyncClient, name: bytes
) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    body = b"username=" + name + b"&password=" + name

    response = await anonymous.post(LOGIN, content=body, headers=form)

    assert response.status_code in {400, 401, 422}


async def test_unknown_wrong_and_disabled_take_as_long(
    make_app: MakeApp, session: AsyncSession
) -> None:
    app = await make_app(**WEAKER_HASHES, RATE_LIMIT_LOGIN="100/minute")
    costly = await app.state.auth.passwords.hash(PASSWORD)
    wrong = await make_user(session, password_hash=costly)
    disabled = await make_user(session, password_hash=costly, is_active=False)
    attempts = [("unknown@example.com", PASSWORD), (wrong.email, WRONG), (disabled.email, PASSWORD)]
    async with connect(app) as client:
        rounds = [
            [await seconds(client.post(LOGIN, data=credentials(*one))) for one in attempts]
            for _ in range(5)
        ]

    fastest = [min(times) for times in zip(*rounds, strict=True)]
    assert min(fastest) > max(fastest) / 3


async def test_the_dummy_hash_costs_what_that_of_a_password_costs(make_app: MakeApp) -> None:
    passwords = (await make_app(**WEAKER_HASHES)).state.auth.passwords
    own = passwords.hasher.current_hasher

    # With the same parameters, and with as long a salt and digest.
    assert not own.check_needs_rehash(passwords.dummy_hash)
    assert len(passwords.dummy_hash) == len(own.hash(PASSWORD))
    assert passwords.hasher.verify_and_update(PASSWORD, passwords.dummy_hash) == (False, None)


async def test_uses_are_stored_before_the_service_ends() -> None:
    app, stored = create_app(), asyncio.Event()

    async def store() -> None:
        await asyncio.sleep(0.01)
        stored.set()

    async with app.router.lifespan_context(app):
        app.state.uses.running[uuid4()] = asyncio.create_task(store())

    assert stored.is_set()


async def test_hashing_does_not_block_other_requests(
    make_app: MakeApp, session: AsyncSession
) -> None:
    app = await make_app(**REAL_HASHES)
    costly = await app.state.auth.passwords.hash(PASSWORD)
    emails = [(await make_user(session, password_hash=costly)).email for _ in range(4)]
    async with connect(app) as client:
        started = time.perf_counter()
        logins = asyncio.gather(*(log_in(client, email) for email in emails))
        waits: list[float] = []
        while not logins.done():
            waits.append(await seconds(look(client)))
        await logins
        took = time.perf_counter() - started

    assert quantiles(waits, n=20)[-1] < took / 8


async def test_a_login_upgrades_the_hash_to_the_settings(
    make_app: MakeApp, session: AsyncSession, user: User
) -> None:
    app: FastAPI = await make_app(PASSWORD_HASH_ITERATIONS="2")
    async with connect(app) as client:
        await log_in(client, user.email)
        stronger = await session.scalar(select(User.password_hash))

        assert stronger is not None
        assert "t=1" in user.password_hash
        assert "t=2" in stronger
        assert await log_in(client, user.email)


async def test_a_wrong_password_does_not_change_the_hash(
    make_app: MakeApp, session: AsyncSession, user: User
) -> None:
    async with connect(await make_app(PASSWORD_HASH_ITERATIONS="2")) as client:
        response: Response = await client.post(LOGIN, data=credentials(user.email, WRONG))

    assert response.status_code == 401
    assert await session.scalar(select(User.password_hash)) == user.password_hash
