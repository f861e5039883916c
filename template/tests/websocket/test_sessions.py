"""Connections are closed when their session ends or their token expires."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import AccessTokens
from app.db.errors import DatabaseUnavailableError
from app.models.user import User
from app.repositories import auth
from app.repositories.auth import SessionRepository
from app.websocket.connection import Connection, WebSocketSettings
from app.websocket.manager import ConnectionManager, close_ended_sessions, close_revoked
from tests.auth.factories import AUTH, USERS, authorization, bearer, make_user
from tests.websocket.clients import connected, eventually
from tests.websocket.conftest import Join


async def test_a_logout_closes_the_connections_of_that_session_only(
    app: FastAPI, url: str, anonymous: AsyncClient, session: AsyncSession, user: User
) -> None:
    ending, staying = [await bearer(app, session, user) for _ in range(2)]

    async with connected(url, ending) as first, connected(url, staying) as second:
        await anonymous.post(f"{AUTH}/logout", json={}, headers=ending)

        assert await first.closed() == (4401, "token_revoked")
        assert await second.ask(type="ping") == {"type": "pong"}


@pytest.mark.parametrize("how", ["disable", "delete"])
async def test_the_connections_of_a_disabled_or_deleted_user_are_closed(
    join: Join, client: AsyncClient, user: User, how: str
) -> None:
    connection, other = await join(user), await join()

    if how == "disable":
        await client.patch(f"{USERS}/{user.id}", json={"is_active": False})
    else:
        await client.delete(f"{USERS}/{user.id}")

    assert await connection.closed() == (4401, "token_revoked")
    assert await other.ask(type="ping") == {"type": "pong"}


async def test_a_connection_is_closed_when_its_token_expires(
    app: FastAPI, url: str, session: AsyncSession, user: User
) -> None:
    login = await SessionRepository(session).open(user.id, timedelta(hours=1))
    await session.commit()
    tokens = app.state.auth.tokens
    brief = AccessTokens(tokens.keys, tokens.issuer, timedelta(seconds=4))
    token = brief.issue(user.id, login.id)

    async with connected(url, authorization(token)) as client:
        assert await client.closed() == (4401, "token_expired")


async def test_connections_stay_open_while_the_database_is_unavailable() -> None:
    settings = WebSocketSettings.load()
    manager = ConnectionManager(settings)
    connection = Connection(uuid4(), uuid4(), datetime.max.replace(tzinfo=UTC), settings)
    failures = 0

    async def fail(_: Collection[UUID]) -> set[UUID]:
        nonlocal failures
        failures += 1
        raise DatabaseUnavailableError

    with manager.register(connection):
        checking = asyncio.create_task(close_ended_sessions(manager, fail))
        await eventually(lambda: failures >= 2)
        checking.cancel()

        assert not connection.closed.done()


async def test_a_token_expires_while_the_database_is_silent() -> None:
    settings = WebSocketSettings.load()
    manager, asked = ConnectionManager(settings), asyncio.Event()
    connection = Connection(uuid4(), uuid4(), datetime.max.replace(tzinfo=UTC), settings)

    async def wait(_: Collection[UUID]) -> set[UUID]:
        asked.set()
        await asyncio.Event().wait()
        return set()

    with manager.register(connection):
        checking = asyncio.create_task(close_ended_sessions(manager, wait))
        await asked.wait()
        connection.expires_at = datetime.now(UTC)
        await eventually(connection.closed.done)
        checking.cancel()

        assert connection.closed.result() == (4401, "token_expired")


async def test_a_token_that_expires_while_sessions_are_looked_up_is_no_revoked_one() -> None:
    connection = Connection(
        uuid4(), uuid4(), datetime.max.replace(tzinfo=UTC), WebSocketSettings.load()
    )

    async def expire(_: Collection[UUID]) -> set[UUID]:
        connection.expires_at = datetime.now(UTC)
        return set()

    await close_revoked([connection], expire)

    assert connection.closed.result() == (4401, "token_expired")


async def test_sessions_are_looked_up_in_batches(
    app: FastAPI, session: AsyncSession, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    logins = [await SessionRepository(session).open(user.id, timedelta(hours=1)) for _ in range(5)]
    await SessionRepository(session).revoke(logins[0].id)
    gone = await make_user(session, is_active=False)
    logins.append(await SessionRepository(session).open(gone.id, timedelta(hours=1)))
    await session.commit()
    monkeypatch.setattr(auth, "BATCH_SIZE", 2)

    active = await auth.find_active_sessions(session, {login.id for login in logins})

    assert active == {login.id for login in logins[1:5]}
