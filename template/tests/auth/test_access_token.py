"""Access tokens: claims, validation and revocation."""

import base64
import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from httpx2 import AsyncClient, Response

from app.core.config import PROJECT
from app.models.user import User
from tests.auth.factories import ME, authorization, log_in
from tests.clients import connect
from tests.conftest import MakeApp
from tests.problems import assert_problem

CLAIMS = {"iss", "aud", "sub", "sid", "jti", "iat", "exp"}


def read(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def forge(
    token: str,
    *,
    key: str | None = None,
    algorithm: str = "HS256",
    typ: str = "at+jwt",
    **claims: Any,
) -> str:
    """Encode the token again with changes: None removes a claim, a timedelta is from now."""
    now = datetime.now(UTC)
    changed = {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in {**read(token), **claims}.items()
        if value is not None
    }
    key = os.environ["SECRET_KEY"] if key is None else key
    return jwt.encode(changed, key, algorithm=algorithm, headers={"typ": typ})


@pytest.fixture
def token(user_client: AsyncClient) -> str:
    """A valid token of the ordinary user."""
    return user_client.headers["authorization"].removeprefix("Bearer ")


async def show(client: AsyncClient, token: str) -> Response:
    return await client.get(ME, headers=authorization(token))


def assert_refused(response: Response, code: str) -> None:
    assert_problem(response, 401, code)
    challenge = "Bearer" if code == "not_authenticated" else 'Bearer error="invalid_token"'
    assert response.headers["www-authenticate"] == challenge


def test_an_access_token_has_the_claims_of_rfc_9068(token: str, user: User) -> None:
    claims = read(token)

    assert claims.keys() == CLAIMS
    assert claims["iss"] == claims["aud"] == PROJECT.name
    assert claims["sub"] == str(user.id)
    assert UUID(claims["sid"])
    assert claims["exp"] - claims["iat"] == 15 * 60
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "at+jwt"}


async def test_every_token_is_different(anonymous: AsyncClient, user: User) -> None:
    tokens = [(await log_in(anonymous, user.email))["access_token"] for _ in range(3)]

    assert len({read(token)["jti"] for token in tokens}) == 3
    assert len({read(token)["sid"] for token in tokens}) == 3


async def test_a_token_encoded_again_without_a_change_is_valid(
    anonymous: AsyncClient, token: str
) -> None:
    assert (await show(anonymous, forge(token))).status_code == 200


FORGERIES: dict[str, dict[str, Any]] = {
    "another key": {"key": secrets.token_hex(32)},
    "no signature": {"key": "", "algorithm": "none"},
    "another algorithm": {"algorithm": "HS512"},
    "another kind": {"typ": "JWT"},
    "another service": {"aud": "another"},
    "another issuer": {"iss": "another"},
    "a user that is no id": {"sub": "1"},
    "a session that is no id": {"sid": 1},
    "a future token": {"iat": timedelta(hours=1)},
    "a token of a clock that is a minute ahead": {"iat": timedelta(minutes=1)},
    **{f"no {claim}": {claim: None} for claim in sorted(CLAIMS)},
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_a_forged_token_is_not_valid(
    anonymous: AsyncClient, token: str, forgery: str
) -> None:
    assert_refused(await show(anonymous, forge(token, **FORGERIES[forgery])), "token_invalid")


@pytest.mark.parametrize(
    "garbage",
    [
        "nonsense",
        "a.b.c",
        "..",
        "é",
        "\x7f",
        "a" * 10_000,
        base64.urlsafe_b64encode(b"[" * 40_000).decode() + ".e30.e30",
        base64.urlsafe_b64encode(b'{"alg": "HS256", "crit": [1]}').decode() + ".e30.e30",
    ],
    ids=lambda garbage: garbage[:10],
)
async def test_text_that_is_no_token_is_not_valid(anonymous: AsyncClient, garbage: str) -> None:
    headers = {b"Authorization": b"Bearer " + garbage.encode("latin-1")}

    response = await anonymous.get(ME, headers=headers)

    assert_refused(response, "token_invalid")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "Token x"])
async def test_a_request_without_a_token_is_not_authenticated(
    anonymous: AsyncClient, header: str
) -> None:
    response = await anonymous.get(ME, headers={"Authorization": header})

    assert_refused(response, "not_authenticated")


async def test_a_refresh_token_is_no_access_token(anonymous: AsyncClient, user: User) -> None:
    tokens = await log_in(anonymous, user.email)

    assert_refused(await show(anonymous, tokens["refresh_token"]), "token_invalid")


async def test_an_expired_token_is_reported_as_expired(anonymous: AsyncClient, token: str) -> None:
    expired = forge(token, exp=datetime.now(UTC) - timedelta(seconds=1))

    assert_refused(await show(anonymous, expired), "token_expired")


@pytest.mark.parametrize("claim", ["iat", "nbf"])
@pytest.mark.parametrize("seconds", [0.4, 3])
async def test_clock_skew_of_a_few_seconds_is_tolerated(
    anonymous: AsyncClient, token: str, claim: str, seconds: float
) -> None:
    claims: dict[str, Any] = {claim: datetime.now(UTC).timestamp() + seconds}
    ahead = forge(token, **claims)

    assert (await show(anonymous, ahead)).status_code == 200


async def test_tokens_of_a_fallback_key_are_valid(make_app: MakeApp, token: str) -> None:
    old, new = os.environ["SECRET_KEY"], secrets.token_hex(32)
    async with connect(await make_app(SECRET_KEY=new, SECRET_KEY_FALLBACKS=old)) as client:
        assert (await show(client, token)).status_code == 200
        assert (await show(client, forge(token, key=new))).status_code == 200
        forged = forge(token, key=secrets.token_hex(32))
        assert_refused(await show(client, forged), "token_invalid")

    async with connect(await make_app(SECRET_KEY_FALLBACKS="")) as client:
        assert_refused(await show(client, forge(token, key=old)), "token_invalid")


@pytest.mark.parametrize("claim", ["sub", "sid"])
async def test_a_token_of_another_user_or_session_is_revoked(
    anonymous: AsyncClient, token: str, claim: str
) -> None:
    response = await show(anonymous, forge(token, **{claim: str(uuid4())}))

    assert_refused(response, "token_revoked")
