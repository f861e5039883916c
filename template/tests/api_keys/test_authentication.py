"""Requests with an API key."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import hash_token
from app.db.base import utc_now
from app.db.session import Database
from app.models.api_key import ApiKey
from app.models.user import User
from app.services.api_key import key_prefix, new_key
from tests.api_keys.factories import KEYS, make_key
from tests.auth.factories import (
    AUTH,
    ME,
    NEW_PASSWORD,
    PASSWORD,
    USERS,
    authorization,
    make_user,
)
from tests.clients import connect
from tests.problems import assert_problem
from tests.transactions import recorded_statements

A_SECOND = timedelta(seconds=1)


async def ask(app: FastAPI, key: str, path: str = ME) -> Any:
    async with connect(app, authorization(key)) as client:
        return await client.get(path)


async def test_a_key_is_its_user(key_client: AsyncClient, user: User) -> None:
    response = await key_client.get(ME)

    assert response.status_code == 200
    assert response.json()["id"] == str(user.id)
    assert_problem(await key_client.get(USERS), 403, "permission_denied")


async def test_a_key_of_a_superuser_does_what_superusers_do(
    app: FastAPI, session: AsyncSession
) -> None:
    admin = await make_user(session, is_superuser=True)
    _, key = await make_key(session, admin)

    async with connect(app, authorization(key)) as client:
        created = await client.post(USERS, json={"email": "ada@example.com", "password": PASSWORD})
        listed = await client.get(USERS)

    assert created.status_code == 201
    assert listed.json()["total"] == 2


async def test_an_account_is_read_with_one_query(
    key_client: AsyncClient, database: Database
) -> None:
    with recorded_statements(database.engine) as statements:
        await key_client.get(ME)

    assert len(statements) == 1


@pytest.mark.parametrize("path", [ME, KEYS, "/health/detailed", f"{AUTH}/logout"])
async def test_an_unknown_key_and_a_wrong_secret_are_refused_alike(
    app: FastAPI, session: AsyncSession, user: User, path: str
) -> None:
    row, key = await make_key(session, user)
    known, unknown = new_key(row.prefix), new_key(key_prefix(user.id))

    for wrong in (known, unknown, key[:-1] + ("0" if key[-1] != "0" else "1")):
        async with connect(app, authorization(wrong)) as client:
            method = "POST" if path.startswith(AUTH) else "GET"
            problem = assert_problem(await client.request(method, path), 401, "token_invalid")
            assert wrong not in str(problem)


async def test_the_work_for_an_unknown_key_is_that_for_a_wrong_secret(
    app: FastAPI,
    session: AsyncSession,
    user: User,
    database: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row, _ = await make_key(session, user)
    compared: list[tuple[str, str]] = []
    compare = secrets.compare_digest
    monkeypatch.setattr(
        secrets, "compare_digest", lambda *both: compared.append(both) or compare(*both)
    )
    executed = []

    for wrong in (new_key(row.prefix), new_key(key_prefix(user.id))):
        with recorded_statements(database.engine) as statements:
            await ask(app, wrong)
        executed.append(statements)
        assert compared[-1][1] == hash_token(wrong)
        assert len(compared[-1][0]) == 64

    assert executed[0] == executed[1]
    assert len(executed[0]) == 1
    assert len(compared) == 2


@pytest.mark.parametrize(("left", "status"), [(2 * A_SECOND, 200), (timedelta(), 401)])
async def test_a_key_expires_to_the_second(
    app: FastAPI, session: AsyncSession, user: User, left: timedelta, status: int
) -> None:
    _, key = await make_key(session, user, expires_at=utc_now() + left)

    response = await ask(app, key)

    assert response.status_code == status
    if status == 401:
        assert_problem(response, 401, "token_expired")


async def test_a_deleted_key_is_refused_at_once(
    app: FastAPI, user_client: AsyncClient, key_client: AsyncClient
) -> None:
    [row] = (await user_client.get(KEYS)).json()["items"]
    assert (await key_client.get(ME)).status_code == 200

    await user_client.delete(f"{KEYS}/{row['id']}")

    assert_problem(await key_client.get(ME), 401, "token_invalid")


async def test_a_key_survives_a_logout_and_a_new_password(
    user_client: AsyncClient, key_client: AsyncClient
) -> None:
    body = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await user_client.post(f"{AUTH}/password", json=body)).status_code == 204
    response = await user_client.post(f"{AUTH}/logout", json={"everywhere": True})

    assert response.status_code == 204
    assert (await key_client.get(ME)).status_code == 200


async def test_a_key_ends_when_its_user_is_disabled(
    client: AsyncClient, key_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    other = await make_user(session)
    kept, _ = await make_key(session, other)

    await client.patch(f"{USERS}/{user.id}", json={"is_active": False})
    assert_problem(await key_client.get(ME), 401, "token_invalid")

    await client.patch(f"{USERS}/{user.id}", json={"is_active": True})
    assert_problem(await key_client.get(ME), 401, "token_invalid")
    assert list(await session.scalars(select(ApiKey.id))) == [kept.id]


async def test_a_key_of_a_disabled_user_is_refused(
    key_client: AsyncClient, session: AsyncSession
) -> None:
    """Also if the database was changed by hand."""
    await session.execute(update(User).values(is_active=False))

    assert_problem(await key_client.get(ME), 401, "token_revoked")


async def test_a_key_ends_with_its_user(
    client: AsyncClient, key_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    await client.delete(f"{USERS}/{user.id}")

    assert_problem(await key_client.get(ME), 401, "token_invalid")
    assert (await session.scalars(select(ApiKey))).all() == []


async def test_a_key_loses_what_its_user_loses(
    client: AsyncClient, key_client: AsyncClient, user: User
) -> None:
    await client.patch(f"{USERS}/{user.id}", json={"is_superuser": True})
    assert (await key_client.get(USERS)).status_code == 200

    await client.patch(f"{USERS}/{user.id}", json={"is_superuser": False})
    assert_problem(await key_client.get(USERS), 403, "permission_denied")
