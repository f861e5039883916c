"""The handshake: authentication, origin and limits, all checked before the upgrade."""

from datetime import timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.auth.tokens import AccessTokens
from app.models.user import User
from tests.auth.factories import AUTH, authorization
from tests.conftest import MakeApp
from tests.databases import lost
from tests.middleware.test_request_context import HEADERS
from tests.websocket.clients import connected, eventually, refusal
from tests.websocket.conftest import Join, Listen

WEB = "https://web.example"


async def test_the_server_sends_the_first_frame(join: Join, user: User) -> None:
    client = await join(user)

    assert client.welcome.keys() == {"type", "connection_id", "user_id"}
    assert client.welcome["type"] == "welcome"
    assert client.welcome["user_id"] == str(user.id)


async def test_a_browser_sends_its_token_as_a_subprotocol(
    url: str, headers: dict[str, str]
) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")

    async with connected(url, subprotocols=["bearer", token]) as client:
        assert client.socket.subprotocol == "bearer"
        assert client.welcome["type"] == "welcome"


async def test_a_handshake_has_a_request_id(url: str, headers: dict[str, str]) -> None:
    async with connected(url, headers | {"X-Request-ID": "hand-7"}) as client:
        assert client.socket.response is not None
        assert client.socket.response.headers["x-request-id"] == "hand-7"


async def test_without_a_token_the_handshake_is_refused(url: str) -> None:
    answer, problem = await refusal(url, {"X-Request-ID": "none-7"})

    assert (answer.status_code, problem["code"]) == (401, "not_authenticated")
    assert (problem["instance"], problem["request_id"]) == ("/api/v1/ws", "none-7")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["x-request-id"] == "none-7"
    assert HEADERS.items() <= {k.lower(): v for k, v in answer.headers.items()}.items()


@pytest.mark.parametrize("offered", [["bearer"], ["x", "y"], ["bearer", "a", "b"]])
async def test_other_subprotocols_are_no_token(url: str, offered: list[str]) -> None:
    answer, problem = await refusal(url, subprotocols=offered)

    assert (answer.status_code, problem["code"]) == (401, "not_authenticated")


async def test_a_token_in_the_url_is_no_token(url: str, headers: dict[str, str]) -> None:
    token = headers["Authorization"].removeprefix("Bearer ")

    answer, _ = await refusal(f"{url}?token={token}&access_token={token}")

    assert answer.status_code == 401


async def test_a_false_token_is_refused(url: str) -> None:
    by_header = await refusal(url, authorization("nonsense"))
    by_protocol = await refusal(url, subprotocols=["bearer", "nonsense"])

    for answer, problem in (by_header, by_protocol):
        assert (answer.status_code, problem["code"]) == (401, "token_invalid")
        assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'


async def test_an_expired_token_is_refused(app: FastAPI, url: str, user: User) -> None:
    tokens = app.state.auth.tokens
    old = AccessTokens(tokens.keys, tokens.issuer, timedelta(seconds=-1))

    answer, problem = await refusal(url, authorization(old.issue(user.id, user.id)))

    assert (answer.status_code, problem["code"]) == (401, "token_expired")


async def test_the_token_of_a_session_that_has_ended_is_refused(
    url: str, headers: dict[str, str], anonymous: AsyncClient
) -> None:
    await anonymous.post(f"{AUTH}/logout", json={}, headers=headers)

    answer, problem = await refusal(url, headers)

    assert (answer.status_code, problem["code"]) == (401, "token_revoked")


@pytest.mark.parametrize(
    "origin",
    [WEB, "http://127.0.0.1", "null", "file://", "http://127.0.0.1.evil.example", "http://[::1"],
)
async def test_pages_of_other_websites_may_not_connect(
    url: str, headers: dict[str, str], origin: str
) -> None:
    answer, problem = await refusal(url, headers, origin=origin)

    assert (answer.status_code, problem["code"]) == (403, "origin_not_allowed")


async def test_pages_of_this_host_may_connect(url: str, headers: dict[str, str]) -> None:
    host = url.split("/")[2]

    for origin in (f"http://{host}", f"https://{host}"):
        async with connected(url, headers, origin=origin) as client:
            assert client.welcome["type"] == "welcome"


async def test_pages_of_listed_websites_may_connect(
    make_app: MakeApp, listen: Listen, headers: dict[str, str]
) -> None:
    url = await listen(await make_app(CORS_ORIGINS=WEB))

    async with connected(url, headers, origin=WEB) as client:
        assert client.welcome["type"] == "welcome"
    answer, _ = await refusal(url, headers, origin=f"{WEB}.evil.example")
    assert answer.status_code == 403


async def test_a_slash_at_the_end_makes_no_difference(url: str, headers: dict[str, str]) -> None:
    async with connected(f"{url}/", headers) as client:
        assert client.welcome["type"] == "welcome"


async def test_another_path_is_not_found(url: str, headers: dict[str, str]) -> None:
    for path in ("x", "/../users", "/../../../health"):
        answer, problem = await refusal(f"{url}{path}", headers)

        assert (answer.status_code, problem["code"]) == (404, "not_found")
        assert answer.headers.keys() >= HEADERS.keys()


async def test_a_host_that_is_not_served_is_refused(
    make_app: MakeApp, listen: Listen, headers: dict[str, str]
) -> None:
    url = await listen(await make_app(TRUSTED_HOSTS="api.example"))

    answer, problem = await refusal(url, headers)

    assert (answer.status_code, problem["code"]) == (400, "bad_request")


async def test_the_connections_of_a_user_are_limited(
    make_app: MakeApp, listen: Listen, headers: dict[str, str], join: Join
) -> None:
    app = await make_app(WEBSOCKET_CONNECTIONS_PER_USER="2")
    url = await listen(app)

    async with connected(url, headers):
        async with connected(url, headers):
            answer, problem = await refusal(url, headers)
            await join(at=url)  # as another user
        assert (answer.status_code, problem["code"]) == (429, "rate_limited")
        assert answer.headers["Retry-After"] == "5"
        await eventually(lambda: app.state.websocket.connections_by_user.total() == 2)
        async with connected(url, headers):
            pass


async def test_without_a_database_the_handshake_is_refused(
    make_app: MakeApp, listen: Listen, headers: dict[str, str], tmp_path: Path
) -> None:
    url = await listen(await make_app(DATABASE_URL=lost(tmp_path)))

    answer, problem = await refusal(url, headers)

    assert (answer.status_code, problem["code"]) == (503, "dependency_unavailable")
