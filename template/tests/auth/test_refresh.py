"""Refresh tokens: rotation and reuse detection."""

import asyncio
from collections import Counter
from datetime import timedelta
from hashlib import sha256

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import LoginSession, RefreshToken
from app.models.user import User
from tests.auth.factories import AUTH, ME, authorization, log_in
from tests.problems import assert_problem

SECOND = timedelta(seconds=1)
Tokens = dict[str, str]


@pytest.fixture
async def tokens(anonymous: AsyncClient, user: User) -> Tokens:
    """The tokens of a login."""
    return await log_in(anonymous, user.email)


async def refresh(client: AsyncClient, tokens: Tokens) -> Response:
    return await client.post(f"{AUTH}/refresh", json={"refresh_token": tokens["refresh_token"]})


async def refreshed(client: AsyncClient, tokens: Tokens) -> Tokens:
    response = await refresh(client, tokens)
    assert response.status_code == 200, response.text
    return response.json()


async def me(client: AsyncClient, tokens: Tokens) -> Response:
    return await client.get(ME, headers=authorization(tokens["access_token"]))


async def set_back_last_use(session: AsyncSession, seconds: float) -> None:
    used = utc_now() - timedelta(seconds=seconds)
    statement = update(RefreshToken).where(RefreshToken.used_at.is_not(None))
    await session.execute(statement.values(used_at=used))


async def test_a_refresh_returns_new_tokens_of_the_same_session(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    response = await refresh(anonymous, tokens)

    assert response.headers["cache-control"] == "no-store"
    fresh = response.json()
    assert fresh.keys() == tokens.keys()
    assert fresh["refresh_token"] != tokens["refresh_token"]
    assert (await me(anonymous, fresh)).status_code == 200
    assert await session.scalar(select(func.count()).select_from(LoginSession)) == 1


async def test_a_session_can_be_refreshed_many_times(
    anonymous: AsyncClient, tokens: Tokens
) -> None:
    for _ in range(5):
        tokens = await refreshed(anonymous, tokens)

    assert (await me(anonymous, tokens)).status_code == 200


async def test_of_parallel_uses_exactly_one_succeeds_and_the_session_lives(
    anonymous: AsyncClient, tokens: Tokens
) -> None:
    responses = await asyncio.gather(*(refresh(anonymous, tokens) for _ in range(10)))

    assert Counter(response.status_code for response in responses) == {200: 1, 401: 9}
    [fresh] = [response.json() for response in responses if response.is_success]
    assert (await me(anonymous, fresh)).status_code == 200
    assert await refreshed(anonymous, fresh)


async def test_a_client_that_lost_the_answer_is_refused_but_its_session_lives(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    fresh = await refreshed(anonymous, tokens)
    await set_back_last_use(session, 5)

    assert_problem(await refresh(anonymous, tokens), 401, "refresh_token_reused")

    assert (await me(anonymous, fresh)).status_code == 200
    assert await refreshed(anonymous, fresh)


@pytest.mark.parametrize("left", [SECOND, -SECOND], ids=["valid", "expired"])
async def test_a_refresh_token_used_twice_ends_the_session(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens, left: timedelta
) -> None:
    fresh = await refreshed(anonymous, tokens)
    await set_back_last_use(session, 11)
    used = update(RefreshToken).where(RefreshToken.used_at.is_not(None))
    await session.execute(used.values(expires_at=utc_now() + 60 * left))

    assert_problem(await refresh(anonymous, tokens), 401, "refresh_token_reused")

    assert await session.scalar(select(LoginSession.revoked_at)) is not None
    assert_problem(await me(anonymous, fresh), 401, "token_revoked")
    assert_problem(await refresh(anonymous, fresh), 401, "refresh_token_invalid")


async def test_reuse_ends_no_other_session(
    anonymous: AsyncClient, session: AsyncSession, user: User, tokens: Tokens
) -> None:
    other = await log_in(anonymous, user.email)
    await refresh(anonymous, tokens)
    await set_back_last_use(session, 60)
    await refresh(anonymous, tokens)

    assert (await me(anonymous, other)).status_code == 200
    assert await refreshed(anonymous, other)


async def test_a_session_expires_after_seven_days_without_a_refresh(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    left = await session.scalar(select(RefreshToken.expires_at))
    assert left is not None
    assert timedelta(days=7) - 60 * SECOND < left - utc_now() <= timedelta(days=7)

    await session.execute(update(RefreshToken).values(expires_at=utc_now()))

    assert_problem(await refresh(anonymous, tokens), 401, "refresh_token_invalid")


async def test_a_session_expires_after_thirty_days(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    left = await session.scalar(select(LoginSession.expires_at))
    assert left is not None
    assert timedelta(days=30) - 60 * SECOND < left - utc_now() <= timedelta(days=30)

    await session.execute(update(LoginSession).values(expires_at=utc_now()))

    assert_problem(await refresh(anonymous, tokens), 401, "refresh_token_invalid")


async def test_a_refresh_token_does_not_outlive_its_session(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    end = utc_now() + timedelta(hours=1)
    await session.execute(update(LoginSession).values(expires_at=end))

    await refreshed(anonymous, tokens)

    newest = select(RefreshToken.expires_at).where(RefreshToken.used_at.is_(None))
    assert await session.scalar(newest) == end


async def test_only_hashes_of_refresh_tokens_are_stored(
    session: AsyncSession, tokens: Tokens
) -> None:
    token = tokens["refresh_token"]

    assert len(token) >= 43  # 256 bits
    kept = list(await session.scalars(select(RefreshToken.fingerprint)))
    assert kept == [sha256(token.encode()).hexdigest()]


async def test_a_disabled_user_cannot_refresh(
    anonymous: AsyncClient, session: AsyncSession, tokens: Tokens
) -> None:
    await session.execute(update(User).values(is_active=False))

    assert_problem(await refresh(anonymous, tokens), 401, "refresh_token_invalid")


@pytest.mark.parametrize("token", ["nonsense", "é", "a" * 512])
async def test_an_unknown_token_is_not_valid(anonymous: AsyncClient, token: str) -> None:
    response = await refresh(anonymous, {"refresh_token": token})

    assert_problem(response, 401, "refresh_token_invalid")
    assert response.headers["www-authenticate"] == "Bearer"


async def test_an_access_token_is_no_refresh_token(anonymous: AsyncClient, tokens: Tokens) -> None:
    response = await refresh(anonymous, {"refresh_token": tokens["access_token"]})

    assert_problem(response, 401, "refresh_token_invalid")


async def test_a_login_deletes_expired_sessions(
    anonymous: AsyncClient, session: AsyncSession, user: User, tokens: Tokens
) -> None:
    await session.execute(update(LoginSession).values(expires_at=utc_now() - SECOND))

    await log_in(anonymous, user.email)

    for table in (LoginSession, RefreshToken):
        assert await session.scalar(select(func.count()).select_from(table)) == 1
