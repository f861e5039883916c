"""Creating, listing and deleting API keys."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import Executable, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import TokenRevokedError
from app.db.base import utc_now
from app.db.session import Database
from app.models.api_key import ApiKey
from app.models.user import User
from app.repositories.auth import SessionRepository
from app.schemas.api_key import ApiKeyCreate
from app.services.api_key import MAX_KEYS, ApiKeyService
from app.services.caller import Caller, Credential
from app.services.password import PasswordService
from tests.api_keys.factories import KEYS, make_key
from tests.auth.factories import ME, authorization
from tests.clients import connect
from tests.problems import assert_problem

FIELDS = {"id", "name", "prefix", "created_at", "expires_at", "last_used_at"}


async def count(session: AsyncSession) -> int | None:
    return await session.scalar(select(func.count()).select_from(ApiKey))


async def test_a_new_key_is_shown_once(user_client: AsyncClient, app: FastAPI, user: User) -> None:
    response = await user_client.post(KEYS, json={"name": "nightly report"})

    created = response.json()
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    key = created.pop("key")
    assert created.keys() - {"permissions"} == FIELDS
    assert created["name"] == "nightly report"
    assert created["last_used_at"] is None
    assert key.startswith(f"{created['prefix']}_")
    assert (await user_client.get(KEYS)).json() == {"items": [created]}
    async with connect(app, authorization(key)) as client:
        assert (await client.get(ME)).json()["id"] == str(user.id)


async def test_only_the_beginning_and_a_hash_are_stored(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    key = (await user_client.post(KEYS, json={"name": "x"})).json()["key"]

    row = (await session.execute(select(*ApiKey.__table__.columns))).one()

    secret = key.rpartition("_")[2]
    assert len(row.fingerprint) == 64
    assert not [value for value in row if secret[:16] in str(value)]


@pytest.mark.parametrize(("sent", "days"), [({}, 90), ({"expires_in_days": 1}, 1)])
async def test_a_key_expires(user_client: AsyncClient, sent: dict[str, int], days: int) -> None:
    before = utc_now()

    created = (await user_client.post(KEYS, json={"name": "x", **sent})).json()

    expires_at = datetime.fromisoformat(created["expires_at"])
    lifetime = timedelta(days=days)
    assert before + lifetime <= expires_at <= utc_now() + lifetime


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\x00b"},
        {"name": None},
        {"expires_in_days": 0},
        {"expires_in_days": 366},
        {"expires_in_days": "30"},
        {"expires_in_days": True},
        {"expires_in_days": None},
        {"user_id": str(uuid4())},
    ],
)
async def test_what_no_key_can_have_is_refused(
    user_client: AsyncClient, session: AsyncSession, wrong: dict[str, Any]
) -> None:
    response = await user_client.post(KEYS, json={"name": "x", **wrong})

    assert_problem(response, 422, "validation_error")
    assert await count(session) == 0


async def test_keys_are_listed_newest_first_and_by_their_user_only(
    user_client: AsyncClient, client: AsyncClient
) -> None:
    names = ["first", "second", "third"]
    for name in names:
        await user_client.post(KEYS, json={"name": name})

    listed = (await user_client.get(KEYS)).json()["items"]

    assert [key["name"] for key in listed] == names[::-1]
    assert (await client.get(KEYS)).json() == {"items": []}


async def test_a_key_is_deleted(user_client: AsyncClient, session: AsyncSession) -> None:
    ids = [(await user_client.post(KEYS, json={"name": "x"})).json()["id"] for _ in range(2)]

    response = await user_client.delete(f"{KEYS}/{ids[0]}")

    assert response.status_code == 204
    assert [key["id"] for key in (await user_client.get(KEYS)).json()["items"]] == ids[1:]
    assert_problem(await user_client.delete(f"{KEYS}/{ids[0]}"), 404, "not_found")


async def test_keys_of_other_users_are_hidden(
    client: AsyncClient, session: AsyncSession, user: User
) -> None:
    row, _ = await make_key(session, user)

    assert_problem(await client.delete(f"{KEYS}/{row.id}"), 404, "not_found")
    assert await count(session) == 1


async def test_a_user_has_a_limited_number_of_keys_also_of_parallel_requests(
    user_client: AsyncClient, client: AsyncClient, session: AsyncSession, user: User
) -> None:
    for _ in range(MAX_KEYS - 3):
        await make_key(session, user)

    answers = await asyncio.gather(
        *(user_client.post(KEYS, json={"name": str(n)}) for n in range(8))
    )

    assert sorted(answer.status_code for answer in answers) == [201] * 3 + [409] * 5
    assert await count(session) == MAX_KEYS
    assert_problem(await user_client.post(KEYS, json={"name": "x"}), 409, "conflict")
    assert (await client.post(KEYS, json={"name": "x"})).status_code == 201


@pytest.mark.parametrize("change", [update(User).values(is_active=False), delete(User)])
async def test_no_key_is_made_for_a_user_that_is_disabled_or_deleted_meanwhile(
    app: FastAPI, session: AsyncSession, user: User, database: Database, change: Executable
) -> None:
    login = await SessionRepository(session).open(user.id, timedelta(hours=1))
    credential = Credential("session", login.id, login.expires_at)
    caller = Caller(user, credential, user.permissions)

    async with database.transactions() as request:
        passwords = PasswordService(request, app.state.auth, app.state.mailer)
        await session.execute(change)

        with pytest.raises(TokenRevokedError):
            await ApiKeyService(passwords, caller).create(ApiKeyCreate(name="x"))

    assert await count(session) == 0
