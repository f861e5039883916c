"""Compatibility with OAuth2 client libraries (RFC 6749)."""

from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient, Response
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import LoginSession, RefreshToken
from app.models.user import User
from tests.auth.factories import AUTH, ME, authorization, credentials, log_in
from tests.auth.test_refresh import set_back_last_use
from tests.problems import assert_problem

LOGIN, REFRESH = f"{AUTH}/login", f"{AUTH}/refresh"


async def refresh(client: AsyncClient, token: str, **more: str) -> Response:
    form = {"grant_type": "refresh_token", "refresh_token": token, **more}
    return await client.post(LOGIN, data=form)


def assert_invalid_grant(response: Response) -> None:
    assert response.status_code == 400
    assert response.headers["content-type"] == "application/json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json().keys() == {"error", "error_description"}
    assert response.json()["error"] == "invalid_grant"


@pytest.fixture
async def tokens(anonymous: AsyncClient, user: User) -> dict[str, Any]:
    """The tokens of a login."""
    return await log_in(anonymous, user.email)


def test_the_document_has_the_refresh_url(app: FastAPI) -> None:
    schemes = app.openapi()["components"]["securitySchemes"]

    [flow] = [scheme["flows"]["password"] for scheme in schemes.values() if "flows" in scheme]
    assert (flow["tokenUrl"], flow["refreshUrl"]) == (LOGIN, LOGIN)


@pytest.mark.parametrize(
    "more", [{}, {"scope": "", "client_id": "web"}, {"username": "eva"}], ids=str
)
async def test_a_refresh_by_form(
    anonymous: AsyncClient, tokens: dict[str, Any], more: dict[str, str]
) -> None:
    response = await refresh(anonymous, tokens["refresh_token"], **more)

    fresh = response.json()
    assert (response.status_code, fresh.keys()) == (200, tokens.keys())
    assert response.headers["cache-control"] == "no-store"
    me = await anonymous.get(ME, headers=authorization(fresh["access_token"]))
    assert me.status_code == 200
    assert_invalid_grant(await refresh(anonymous, tokens["refresh_token"]))


@pytest.mark.parametrize("token", ["nonsense", "a" * 100_000, "a\x00", "\ufffd", " "])
async def test_an_unknown_refresh_token_is_refused(anonymous: AsyncClient, token: str) -> None:
    assert_invalid_grant(await refresh(anonymous, token))


@pytest.mark.parametrize("column", [RefreshToken.expires_at, LoginSession.revoked_at])
async def test_an_expired_refresh_token_is_refused(
    anonymous: AsyncClient, session: AsyncSession, tokens: dict[str, Any], column: Any
) -> None:
    await session.execute(update(column.class_).values({column: utc_now()}))
    await session.commit()

    assert_invalid_grant(await refresh(anonymous, tokens["refresh_token"]))


async def test_reuse_of_a_refresh_token_ends_the_session(
    anonymous: AsyncClient, session: AsyncSession, tokens: dict[str, Any]
) -> None:
    fresh = (await refresh(anonymous, tokens["refresh_token"])).json()
    await set_back_last_use(session, 60)
    await session.commit()

    assert_invalid_grant(await refresh(anonymous, tokens["refresh_token"]))

    assert_invalid_grant(await refresh(anonymous, fresh["refresh_token"]))


@pytest.mark.parametrize("form", [{}, {"refresh_token": ""}, {"username": "a", "password": "b"}])
async def test_a_refresh_without_a_token_is_an_invalid_request(
    anonymous: AsyncClient, form: dict[str, str]
) -> None:
    response = await anonymous.post(LOGIN, data={"grant_type": "refresh_token", **form})

    assert (response.status_code, response.json()["error"]) == (400, "invalid_request")
    assert response.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("form", "status", "code", "error"),
    [
        (credentials("eva@example.com"), 401, "invalid_credentials", "invalid_grant"),
        ({"username": "eva@example.com"}, 422, "validation_error", "invalid_request"),
        ({"grant_type": "password"}, 422, "validation_error", "invalid_request"),
        ({}, 422, "validation_error", "invalid_request"),
        ({"grant_type": "implicit"}, 422, "validation_error", "unsupported_grant_type"),
    ],
    ids=str,
)
async def test_a_refused_login_has_the_oauth2_error(
    new_client: AsyncClient, form: dict[str, str], status: int, code: str, error: str
) -> None:
    response = await new_client.post(LOGIN, data=form)

    assert assert_problem(response, status, code)["error"] == error


async def test_a_limited_login_has_the_oauth2_error(new_client: AsyncClient) -> None:
    answers = [await new_client.post(LOGIN, data=credentials("eva@example.com")) for _ in "123456"]

    problem = assert_problem(answers[-1], 429, "rate_limited")
    assert problem["error"] == "temporarily_unavailable"


async def test_a_refused_refresh_by_json_stays_a_problem(anonymous: AsyncClient) -> None:
    response = await anonymous.post(REFRESH, json={"refresh_token": "nonsense"})

    problem = assert_problem(response, 401, "refresh_token_invalid")
    assert problem["error"] == "invalid_grant"


async def test_other_problems_have_no_oauth2_error(anonymous: AsyncClient) -> None:
    for path in (ME, "/nothing"):
        assert "error" not in (await anonymous.get(path)).json()


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        ("Bearer nonsense", 'Bearer error="invalid_token"'),
        ("bearer a.b.c", 'Bearer error="invalid_token"'),
        ("Bearer", "Bearer"),
        ("Basic YTpi", "Bearer"),
        ("", "Bearer"),
    ],
)
async def test_an_invalid_token_and_a_missing_token_differ(
    anonymous: AsyncClient, header: str, challenge: str
) -> None:
    response = await anonymous.get(ME, headers={"Authorization": header})

    assert (response.status_code, response.headers["www-authenticate"]) == (401, challenge)
