"""Sessions: where a user is logged in."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.auth import LoginSession
from app.models.user import User
from app.repositories import auth
from app.services import caller
from tests.auth.factories import AUTH, ME, USERS, authorization, credentials, log_in, make_user
from tests.auth.fixtures import ClientOf
from tests.clients import connect
from tests.problems import assert_problem
from tests.transactions import recorded_statements

SESSIONS = f"{ME}/sessions"


@pytest.fixture(autouse=True)
def uses_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let each request wait until its use is stored, as the machine may be busy."""
    monkeypatch.setattr(caller, "WAIT_SECONDS", 60)


async def sessions(client: AsyncClient) -> list[dict[str, Any]]:
    response = await client.get(SESSIONS)
    assert response.status_code == 200, response.text
    return response.json()["items"]


async def test_a_session_shows_where_and_when_the_login_was(app: FastAPI, user: User) -> None:
    async with connect(app, address="2001:db8::7") as phone:
        phone.headers["User-Agent"] = "phone/1.0"
        tokens = await log_in(phone, user.email)
        phone.headers |= authorization(tokens["access_token"])
        [session] = await sessions(phone)

    assert session.keys() == {
        *("id", "created_at", "last_used_at", "user_agent", "address", "current")
    }
    assert (session["user_agent"], session["address"]) == ("phone/1.0", "2001:db8::7")
    assert session["current"] is True


@pytest.mark.parametrize("agent", ["a" * 1000, "", "\u00e9\u00ff"], ids=["long", "none", "latin"])
async def test_what_a_client_calls_itself_is_cut(
    anonymous: AsyncClient, user: User, agent: str
) -> None:
    header = {b"User-Agent": agent.encode("latin-1")}
    response = await anonymous.post(f"{AUTH}/login", data=credentials(user.email), headers=header)

    anonymous.headers |= authorization(response.json()["access_token"])
    assert (await sessions(anonymous))[0]["user_agent"] == (agent[:200] or None)


async def test_sessions_are_shown_to_their_owner_only(
    user_client: AsyncClient, client: AsyncClient
) -> None:
    [mine], [other] = await sessions(user_client), await sessions(client)

    assert mine["id"] != other["id"]
    assert_problem(await client.delete(f"{SESSIONS}/{mine['id']}"), 404, "not_found")
    assert [one["id"] for one in await sessions(user_client)] == [mine["id"]]


async def test_ended_and_expired_sessions_are_not_shown(
    user_client: AsyncClient, anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    now = utc_now()
    for change in (
        {"revoked_at": now},
        {"expires_at": now},
        {"last_used_at": now - timedelta(days=8)},
        {"last_used_at": None, "created_at": now - timedelta(days=8)},
    ):
        ended = LoginSession(user_id=user.id, expires_at=now + timedelta(days=1))
        session.add(ended)
        await session.commit()
        which = LoginSession.id == ended.id
        await session.execute(update(LoginSession).where(which).values(change))

    assert [one["current"] for one in await sessions(user_client)] == [True]


async def test_a_session_that_is_ended_is_logged_out_at_once(
    user_client: AsyncClient, client_of: ClientOf, user: User
) -> None:
    other = await client_of(user)
    [ended] = [one for one in await sessions(user_client) if not one["current"]]

    response = await user_client.delete(f"{SESSIONS}/{ended['id']}")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await other.get(ME), 401, "token_revoked")
    assert_problem(await user_client.delete(f"{SESSIONS}/{ended['id']}"), 404, "not_found")
    assert len(await sessions(user_client)) == 1


async def test_all_other_sessions_can_be_ended(
    user_client: AsyncClient, client_of: ClientOf, client: AsyncClient, user: User
) -> None:
    others = [await client_of(user) for _ in range(2)]

    response = await user_client.delete(SESSIONS)

    assert (response.status_code, response.content) == (204, b"")
    for other in others:
        assert_problem(await other.get(ME), 401, "token_revoked")
    assert [one["current"] for one in await sessions(user_client)] == [True]
    assert (await client.get(ME)).status_code == 200


async def test_a_superuser_ends_all_sessions_of_an_account(
    client: AsyncClient, user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    path = f"{USERS}/{user.id}/sessions"
    assert_problem(await user_client.delete(path), 403, "permission_denied")

    assert (await client.delete(path)).status_code == 204

    assert_problem(await user_client.get(ME), 401, "token_revoked")
    assert_problem(await client.delete(f"{USERS}/{uuid4()}/sessions"), 404, "not_found")
    other = await make_user(session)
    assert (await client.delete(f"{USERS}/{other.id}/sessions")).status_code == 204
    assert (await client.get(ME)).status_code == 200


@pytest.mark.parametrize("minutes", [2, None])
async def test_the_last_use_is_right_to_a_minute(
    user_client: AsyncClient, session: AsyncSession, database: Database, minutes: int | None
) -> None:
    before = utc_now() - timedelta(minutes=minutes) if minutes else None
    await session.execute(update(LoginSession).values(last_used_at=before))

    with recorded_statements(database.engine) as statements:
        for _ in range(3):
            assert (await user_client.get(ME)).status_code == 200

    assert [text.split()[0] for text in statements].count("UPDATE") == 1
    used = await session.scalar(select(LoginSession.last_used_at))
    assert used is not None
    assert utc_now() - used < timedelta(minutes=1)


async def test_the_last_use_of_other_sessions_is_shown(
    user_client: AsyncClient, client_of: ClientOf, session: AsyncSession, user: User
) -> None:
    hour_ago = utc_now() - timedelta(hours=1)
    await session.execute(update(LoginSession).values(last_used_at=hour_ago))
    other = await client_of(user)

    times = {one["current"]: one["last_used_at"] for one in await sessions(other)}

    assert datetime.fromisoformat(times[False]) == hour_ago
    assert utc_now() - datetime.fromisoformat(times[True]) < timedelta(minutes=1)


async def test_a_login_deletes_the_oldest_session_of_too_many(
    client_of: ClientOf, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "MAX_SESSIONS", 3)

    oldest = await client_of(user)
    for _ in range(3):
        await (await client_of(user)).post(f"{AUTH}/logout")
    assert (await oldest.get(ME)).status_code == 200  # those that have ended go first

    others = [await client_of(user) for _ in range(3)]

    assert_problem(await oldest.get(ME), 401, "token_revoked")
    assert [(await other.get(ME)).status_code for other in others] == [200] * 3
