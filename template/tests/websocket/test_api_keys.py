"""WebSocket connections with an API key."""

import asyncio
from datetime import timedelta

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.user import User
from app.services.api_key import key_prefix, new_key
from tests.api_keys.factories import KEYS, make_key
from tests.auth.factories import USERS, authorization
from tests.websocket.clients import connected, refusal


async def test_a_key_connects_as_its_user(url: str, session: AsyncSession, user: User) -> None:
    _, key = await make_key(session, user)

    async with connected(url, authorization(key)) as client:
        assert client.welcome["user_id"] == str(user.id)
        await client.subscribe(f"user:{user.id}")

    async with connected(url, subprotocols=["bearer", key]) as client:
        assert client.welcome["user_id"] == str(user.id)
        await asyncio.sleep(0.3)  # some checks of the sessions
        assert await client.ask(type="ping") == {"type": "pong"}


async def test_an_unknown_key_is_refused_before_the_upgrade(url: str, user: User) -> None:
    response, problem = await refusal(url, authorization(new_key(key_prefix(user.id))))

    assert (response.status_code, problem["code"]) == (401, "token_invalid")


async def test_a_connection_ends_with_the_life_of_its_key(
    url: str, session: AsyncSession, user: User
) -> None:
    _, key = await make_key(session, user, expires_at=utc_now() + timedelta(seconds=2))

    async with connected(url, authorization(key)) as client:
        assert await client.closed() == (4401, "token_expired")


@pytest.mark.parametrize("how", ["delete", "disable"])
async def test_a_connection_ends_when_its_key_is_revoked(
    url: str,
    session: AsyncSession,
    client: AsyncClient,
    user_client: AsyncClient,
    user: User,
    how: str,
) -> None:
    row, key = await make_key(session, user)

    async with connected(url, authorization(key)) as connection:
        if how == "delete":
            await user_client.delete(f"{KEYS}/{row.id}")
        else:
            await client.patch(f"{USERS}/{user.id}", json={"is_active": False})

        assert await connection.closed() == (4401, "token_revoked")
