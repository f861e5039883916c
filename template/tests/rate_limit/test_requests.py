"""The rate limit of requests, by user and address."""

from contextlib import AsyncExitStack
from importlib.util import find_spec

import pytest
from fastapi import FastAPI
from httpx2 import Response
from starlette.types import Message

from tests.blueprint.factories import SPECIMENS
from tests.clients import connect
from tests.conftest import Authorize, MakeApp, MakeClient
from tests.problems import assert_problem

THREE = {"RATE_LIMIT_DEFAULT": "3/minute"}
with_users = pytest.mark.skipif(find_spec("app.auth") is None, reason="a service without users")


@pytest.fixture(params=["redis", "process"])
async def limited(request: pytest.FixtureRequest, make_app: MakeApp, redis_url: str) -> FastAPI:
    """An app that allows three requests a minute, once with Redis and once without."""
    return await make_app(**THREE, REDIS_URL=redis_url if request.param == "redis" else "")


async def ask(app: FastAPI, times: int = 1, address: str = "192.0.2.1", **headers: str) -> str:
    """Get specimens several times; return `.` for each answer and `x` for each 429."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    async with connect(app, names, address) as client:
        answers = [await client.get(SPECIMENS) for _ in range(times)]
    return "".join("x" if answer.status_code == 429 else "." for answer in answers)


async def last(app: FastAPI, path: str, times: int) -> Response:
    """Send several requests; return the last answer."""
    async with connect(app) as client:
        answers = [await client.get(path) for _ in range(times)]
    return answers[-1]


async def test_a_client_above_its_rate_gets_429_with_retry_after(limited: FastAPI) -> None:
    response = await last(limited, SPECIMENS, 4)

    assert_problem(response, 429, "rate_limited")
    assert 58 <= int(response.headers["retry-after"]) <= 60
    assert response.headers["ratelimit"].startswith('"default";r=0;t=')
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_every_answer_has_the_headers(limited: FastAPI) -> None:
    response = await last(limited, "/nothing", 2)

    assert response.status_code == 404
    assert response.headers["ratelimit-policy"] == '"default";q=3;w=60'
    assert response.headers["ratelimit"] in {'"default";r=1;t=60', '"default";r=1;t=59'}
    assert "retry-after" not in response.headers


async def test_addresses_are_counted_separately(limited: FastAPI) -> None:
    assert await ask(limited, 4) == "...x"
    assert await ask(limited, address="192.0.2.2") == "."


async def test_an_ipv6_network_is_one_client(limited: FastAPI) -> None:
    one, same, other = "2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1"

    assert await ask(limited, 3, one) == "..."
    assert await ask(limited, 1, same) == "x"
    assert await ask(limited, 1, other) == "."
    assert await ask(limited, 1, "::ffff:192.0.2.1") == "."
    assert await ask(limited, 4, "::ffff:192.0.2.9") == "...x"


async def test_x_forwarded_for_of_an_untrusted_peer_is_ignored(limited: FastAPI) -> None:
    answers = [await ask(limited, x_forwarded_for=f"198.51.100.{n}") for n in range(5)]

    assert answers == [".", ".", ".", "x", "x"]


async def test_x_forwarded_for_of_a_trusted_proxy_is_used(make_app: MakeApp) -> None:
    app = await make_app(**THREE, TRUSTED_PROXIES="192.0.2.0/24")

    answers = [await ask(app, x_forwarded_for=f"198.51.100.{n}") for n in range(5)]
    one = [await ask(app, x_forwarded_for=f"203.0.113.{n}, 198.51.100.99") for n in range(5)]

    assert answers == ["."] * 5
    assert one == [".", ".", ".", "x", "x"]


@with_users
async def test_a_user_is_one_client_from_any_address(
    limited: FastAPI, authorize: Authorize
) -> None:
    one, another = await authorize(limited), await authorize(limited)

    assert await ask(limited, 2, "192.0.2.1", **one) == ".."
    assert await ask(limited, 2, "192.0.2.2", **one) == ".x"
    assert await ask(limited, 1, "192.0.2.2", **another) == "."
    assert await ask(limited, 1, "192.0.2.2") == "."


@with_users
async def test_a_token_is_verified_once_per_request(
    limited: FastAPI, authorize: Authorize, monkeypatch: pytest.MonkeyPatch
) -> None:
    jwt = pytest.importorskip("jwt")
    user, decoded, decode = await authorize(limited), [], jwt.decode_complete
    monkeypatch.setattr(
        jwt, "decode_complete", lambda *a, **k: decoded.append(1) or decode(*a, **k)
    )

    assert await ask(limited, 1, "192.0.2.1", **user) == "."

    assert len(decoded) == 1


async def test_an_invalid_token_counts_as_the_address(limited: FastAPI) -> None:
    answers = [await ask(limited, authorization=f"Bearer {n}.{n}.{n}") for n in range(5)]

    assert answers == [".", ".", ".", "x", "x"]


@pytest.mark.parametrize("path", ["/health", "/health/live", "/health/ready", "/metrics"])
async def test_health_and_metrics_are_exempt(limited: FastAPI, path: str) -> None:
    response = await last(limited, path, 5)

    assert response.status_code in {200, 404}
    assert "ratelimit" not in response.headers
    assert await ask(limited, address="127.0.0.1") == "."


async def test_the_handshake_of_a_websocket_counts_like_a_request(limited: FastAPI) -> None:
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            sent.append(message)

    for _ in range(4):
        client, headers = ("192.0.2.1", 50000), [(b"host", b"test")]
        scope = {"type": "websocket", "path": "/nothing", "headers": headers, "client": client}
        await limited({**scope, "query_string": b"", "http_version": "1.1"}, receive, send)

    assert [message["status"] for message in sent] == [404, 404, 404, 429]
    assert b"retry-after" in dict(sent[-1]["headers"])
    assert await ask(limited) == "x"


async def test_preflights_are_exempt(limited: FastAPI) -> None:
    async with connect(limited) as client:
        for _ in range(5):
            assert (await client.options(SPECIMENS)).status_code != 429


async def test_it_can_be_disabled(make_app: MakeApp) -> None:
    response = await last(await make_app(**THREE, RATE_LIMIT_ENABLED="false"), SPECIMENS, 5)

    assert response.status_code != 429
    assert "ratelimit" not in response.headers


async def test_the_default_is_300_a_minute(make_client: MakeClient) -> None:
    client = await make_client()

    response = await client.get(SPECIMENS)

    assert response.headers["ratelimit-policy"] == '"default";q=300;w=60'
    assert response.headers["ratelimit"].startswith('"default";r=299;')


async def test_429_is_documented_where_it_may_be_answered(make_app: MakeApp) -> None:
    async with AsyncExitStack() as stack:
        documents = []
        for enabled in ("true", "false"):
            client = connect(await make_app(RATE_LIMIT_ENABLED=enabled))
            await stack.enter_async_context(client)
            documents.append((await client.get("/api/v1/openapi.json")).json()["paths"])
    limited, free = documents

    assert "429" in limited[SPECIMENS]["get"]["responses"]
    assert "429" not in limited["/health/ready"]["get"]["responses"]
    assert "429" not in free[SPECIMENS]["get"]["responses"]
