"""Verified access tokens are kept, and no promise about tokens is lost."""

import secrets
from datetime import datetime, timedelta
from unittest.mock import Mock
from uuid import uuid4

import jwt
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import inspect

from app.auth.tokens import TokenExpiredError
from app.core.exceptions import NotAuthenticatedError
from app.db.session import Database
from app.models.user import User
from app.repositories.auth import SessionRepository
from tests.auth.factories import authorization
from tests.auth.test_access_token import assert_refused, forge, show


@pytest.fixture
def token(user_client: AsyncClient) -> str:
    """A valid token of the ordinary user."""
    return user_client.headers["authorization"].removeprefix("Bearer ")


def test_a_token_is_decoded_once(app: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = app.state.auth.tokens
    claims = tokens.verify(token)
    monkeypatch.delattr(jwt, "decode_complete")

    assert tokens.verify(token) is claims


def test_the_claims_that_are_kept_are_those_of_their_token_alone(app: FastAPI, token: str) -> None:
    tokens = app.state.auth.tokens
    tokens.verify(token)
    changed = f"{token[:-2]}{'AA' if token[-2:] != 'AA' else 'BB'}"

    for other in (forge(token, key=secrets.token_hex(32)), changed, f"{token}A"):
        for _ in range(2):
            with pytest.raises(NotAuthenticatedError):
                tokens.verify(other)


def test_a_token_that_was_verified_expires(
    app: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = app.state.auth.tokens
    claims = tokens.verify(token)
    clock = Mock(wraps=datetime)
    monkeypatch.setattr("app.auth.tokens.datetime", clock)

    clock.now.side_effect = lambda tz: claims.expires_at - timedelta(seconds=1)
    assert tokens.verify(token) is claims
    clock.now.side_effect = lambda tz: claims.expires_at
    with pytest.raises(TokenExpiredError):
        tokens.verify(token)
    assert token not in tokens.verified


def test_the_tokens_that_are_kept_are_limited(
    app: FastAPI, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.auth.tokens.MAX_VERIFIED", 3)
    tokens = app.state.auth.tokens

    for _ in range(10):
        tokens.verify(forge(token, jti=uuid4().hex))
        assert len(tokens.verified) <= 3


async def test_a_session_that_ends_after_its_token_was_verified_is_revoked(
    anonymous: AsyncClient, token: str
) -> None:
    assert (await show(anonymous, token)).status_code == 200

    response = await anonymous.post("/api/v1/auth/logout", headers=authorization(token), json={})

    assert response.status_code == 204
    assert_refused(await show(anonymous, token), "token_revoked")


@pytest.mark.parametrize("reads", [True, False])
async def test_the_caller_is_the_same_for_reading_and_for_writing(
    app: FastAPI, database: Database, token: str, reads: bool
) -> None:
    make = database.reads if reads else database.transactions
    async with make() as session:
        claims = app.state.auth.tokens.verify(token)
        repository = SessionRepository(session)
        found = await repository.active_user(claims.session_id, claims.user_id)
        other = await repository.active_user(claims.session_id, uuid4())
        stored = await session.get(User, claims.user_id)

    assert found is not None
    assert stored is not None
    names = inspect(User).column_attrs.keys()
    assert {name: getattr(found[0], name) for name in names} == {
        name: getattr(stored, name) for name in names
    }
    assert other is None
