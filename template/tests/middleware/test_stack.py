"""CORS, hosts and compression."""

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.blueprint.factories import SPECIMENS
from tests.blueprint.rows import add_specimen
from tests.conftest import MakeClient
from tests.problems import assert_problem

WEB = "https://web.example"
PREFLIGHT = {"Origin": WEB, "Access-Control-Request-Method": "PATCH"}


@pytest.mark.parametrize("path", ["/health", "/nothing", f"{SPECIMENS}/x", f"{SPECIMENS}?page=0"])
async def test_a_listed_origin_may_read_every_answer(make_client: MakeClient, path: str) -> None:
    client = await make_client(CORS_ORIGINS=f"{WEB}/, https://other.example")

    response = await client.get(path, headers={"Origin": WEB})

    assert response.headers["access-control-allow-origin"] == WEB
    assert response.headers["access-control-allow-credentials"] == "true"
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]
    assert "Origin" in response.headers["vary"]


async def test_a_listed_origin_may_send_a_preflight_request(make_client: MakeClient) -> None:
    client = await make_client(CORS_ORIGINS=WEB)
    asked = PREFLIGHT | {"Access-Control-Request-Headers": "Authorization, If-Match, Content-Type"}

    response = await client.options(SPECIMENS, headers=asked)

    assert response.status_code == 200
    assert "PATCH" in response.headers["access-control-allow-methods"]
    assert response.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
async def test_a_listed_origin_may_use_every_method(make_client: MakeClient, method: str) -> None:
    client = await make_client(CORS_ORIGINS=WEB)

    asked = PREFLIGHT | {"Access-Control-Request-Method": method}
    response = await client.options(SPECIMENS, headers=asked)

    assert response.status_code == 200


async def test_a_listed_origin_may_send_the_headers_that_are_read(make_client: MakeClient) -> None:
    client = await make_client(CORS_ORIGINS=WEB)

    for name in ("Idempotency-Key", "If-None-Match", "traceparent", "tracestate", "X-Request-ID"):
        asked = PREFLIGHT | {"Access-Control-Request-Headers": name.lower()}
        assert (await client.options(SPECIMENS, headers=asked)).status_code == 200


async def test_a_listed_origin_may_read_the_headers_that_are_sent(make_client: MakeClient) -> None:
    client = await make_client(CORS_ORIGINS=WEB)

    response = await client.get(SPECIMENS, headers={"Origin": WEB})

    exposed = set(response.headers["access-control-expose-headers"].split(", "))
    assert {"Content-Disposition", "ETag", "Location", "Retry-After", "X-Cache"} <= exposed
    assert {"Accept-Ranges", "Content-Range", "WWW-Authenticate"} <= exposed


@pytest.mark.parametrize("origin", ["https://evil.example", f"{WEB}.evil.example", "null"])
async def test_another_origin_may_not(make_client: MakeClient, origin: str) -> None:
    client = await make_client(CORS_ORIGINS=WEB)

    answer = await client.get("/health", headers={"Origin": origin})
    preflight = await client.options(SPECIMENS, headers=PREFLIGHT | {"Origin": origin})

    assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in preflight.headers
    assert_problem(preflight, 400, "bad_request")


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"Access-Control-Request-Method": "TRACE"}, "method"),
        ({"Access-Control-Request-Headers": "X-Other"}, "headers"),
        ({"Origin": "https://evil.example"}, "origin"),
    ],
)
async def test_a_rejected_preflight_says_why(
    make_client: MakeClient, asked: dict[str, str], word: str
) -> None:
    client = await make_client(CORS_ORIGINS=WEB)

    response = await client.options(SPECIMENS, headers=PREFLIGHT | asked)

    assert word in assert_problem(response, 400, "bad_request")["detail"]
    assert "Origin" in response.headers["vary"]


async def test_no_origin_may_by_default(anonymous: AsyncClient) -> None:
    response = await anonymous.get("/health", headers={"Origin": WEB})

    assert not [name for name in response.headers if name.startswith("access-control")]


@pytest.mark.parametrize(
    "host", ["api.example", "API.example:8000", "a.b.tea.example", "[::1]", "[::1]:80"]
)
async def test_a_trusted_host_is_served(make_client: MakeClient, host: str) -> None:
    client = await make_client(TRUSTED_HOSTS='["api.example", "*.tea.example", "[::1]"]')

    assert (await client.get("/health", headers={"Host": host})).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "tea.example", "api.example.evil", "eviltea.example", "", "api.example:"],
)
async def test_another_host_is_refused(make_client: MakeClient, host: str) -> None:
    client = await make_client(TRUSTED_HOSTS="api.example,*.tea.example")

    response = await client.get("/health", headers={"Host": host})

    if host == "api.example:":  # an empty port is the default port (RFC 3986 §3.2.3)
        assert response.status_code == 200
    else:
        assert_problem(response, 400, "bad_request")
        assert response.headers["x-frame-options"] == "DENY"


async def test_every_host_is_served_by_default(anonymous: AsyncClient) -> None:
    response = await anonymous.get("/health", headers={"Host": "any.example"})

    assert response.status_code == 200


async def test_a_large_answer_is_compressed_when_asked_for(
    client: AsyncClient, session: AsyncSession
) -> None:
    await add_specimen(session, description="tea " * 1000)

    zipped = await client.get(SPECIMENS, headers={"Accept-Encoding": "gzip"})
    plain = await client.get(SPECIMENS, headers={"Accept-Encoding": "identity"})

    assert zipped.headers["content-encoding"] == "gzip"
    assert int(zipped.headers["content-length"]) < len(plain.content) / 4
    assert "content-encoding" not in plain.headers
    assert zipped.json() == plain.json()


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [
        ("gzip;q=0", False),
        ("GZIP; Q=0.000, deflate", False),
        ("gzip;q=0.5, identity", False),
        ("gzip;q=nonsense", False),
        ("br, *;q=0", False),
        ("gzip;q=0.001", True),
        ("gzip;level=1", True),
        ("br;q=1, gzip ; q=0.8, identity;q=0.5", True),
    ],
)
async def test_the_weights_decide_whether_it_is_compressed(
    anonymous: AsyncClient, accepted: str, zipped: bool
) -> None:
    response = await anonymous.get("/api/v1/openapi.json", headers={"Accept-Encoding": accepted})

    assert ("content-encoding" in response.headers) is zipped
    assert "Accept-Encoding" in response.headers["vary"]


async def test_a_small_answer_is_not_compressed(client: AsyncClient) -> None:
    response = await client.get("/health", headers={"Accept-Encoding": "gzip"})

    assert "content-encoding" not in response.headers


@pytest.mark.parametrize("accepted", ["gzip", "identity"])
async def test_vary_says_what_may_be_compressed(
    client: AsyncClient, session: AsyncSession, accepted: str
) -> None:
    await add_specimen(session, description="tea " * 1000)
    headers = {"Accept-Encoding": accepted}

    large = await client.get(SPECIMENS, headers=headers)
    small = await client.get("/health", headers=headers)

    assert "Accept-Encoding" in large.headers["vary"]
    assert "vary" not in small.headers


async def test_headers_that_are_too_large_are_refused(anonymous: AsyncClient) -> None:
    response = await anonymous.get("/health", headers={"X-Large": "x" * 65 * 1024})

    assert_problem(response, 431, "bad_request")
