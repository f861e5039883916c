"""Request id, security headers and client address."""

import pytest
from fastapi import FastAPI, Request, Response
from httpx2 import AsyncClient

from tests.clients import connect
from tests.conftest import MakeApp, MakeClient

HEADERS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
REQUESTS = [
    ("GET", "/health"),
    ("GET", "/api/v1/specimens"),
    ("GET", "/api/v1/specimens/x"),
    ("GET", "/api/v1/specimens/"),
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/docs/assets/swagger-ui.css"),
    ("GET", "/nothing"),
    ("DELETE", "/health"),
    ("POST", "/api/v1/specimens"),
]


@pytest.mark.parametrize(("method", "path"), REQUESTS)
async def test_every_response_has_the_security_headers(
    client: AsyncClient, method: str, path: str
) -> None:
    response = await client.request(method, path)

    assert HEADERS.items() <= dict(response.headers).items()
    assert "strict-transport-security" not in response.headers
    assert "server" not in response.headers


@pytest.mark.parametrize(("method", "path"), REQUESTS[:3])
async def test_production_responses_have_hsts(
    make_client: MakeClient, method: str, path: str
) -> None:
    client = await make_client(ENVIRONMENT="production")

    response = await client.request(method, path)

    assert response.headers["strict-transport-security"].startswith("max-age=31536000")


@pytest.mark.parametrize("sent", ["a", "A-z_0.9", "x" * 128])
async def test_a_valid_request_id_is_kept(anonymous: AsyncClient, sent: str) -> None:
    response = await anonymous.get("/health", headers={"X-Request-ID": sent})

    assert response.headers.get_list("x-request-id") == [sent]


@pytest.mark.parametrize("sent", [b"", b"x" * 129, b"a b", b"a\xe9", b"<script>", b"a\n"])
async def test_any_other_request_id_is_replaced(anonymous: AsyncClient, sent: bytes) -> None:
    response = await anonymous.get("/health", headers={b"X-Request-ID": sent})

    assert len(response.headers["x-request-id"]) == 32


async def test_every_request_has_its_own_id(anonymous: AsyncClient) -> None:
    ids = {(await anonymous.get("/health")).headers["x-request-id"] for _ in range(10)}

    assert len(ids) == 10


async def whoami(request: Request) -> dict[str, str]:
    assert request.client is not None
    return {"address": request.client.host, "scheme": request.url.scheme}


async def ask(app: FastAPI, peer: str, **headers: str) -> dict[str, str]:
    """Return the client address and scheme that the app sees."""
    app.get("/whoami")(whoami)
    async with connect(app, address=peer) as client:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return (await client.get("/whoami", headers=names)).json()


async def test_forwarded_headers_of_a_trusted_proxy_are_used(make_app: MakeApp) -> None:
    app = await make_app(TRUSTED_PROXIES="10.0.0.0/8")

    echoed = await ask(
        app, "10.0.0.1", x_forwarded_for="6.6.6.6, 203.0.113.7, 10.2.3.4", x_forwarded_proto="https"
    )

    assert echoed == {"address": "203.0.113.7", "scheme": "https"}


@pytest.mark.parametrize("proxies", ["", "10.0.0.0/8"])
async def test_forwarded_headers_of_other_peers_are_ignored(
    make_app: MakeApp, proxies: str
) -> None:
    app = await make_app(TRUSTED_PROXIES=proxies)

    echoed = await ask(app, "203.0.113.7", x_forwarded_for="10.0.0.9", x_forwarded_proto="https")

    assert echoed == {"address": "203.0.113.7", "scheme": "http"}


@pytest.mark.parametrize("proxies", ["10.0.0.0/8", "::ffff:10.0.0.0/104", "10.0.0.1"])
@pytest.mark.parametrize("peer", ["10.0.0.1", "::ffff:10.0.0.1"])
async def test_a_proxy_is_known_on_sockets_of_both_families(
    make_app: MakeApp, proxies: str, peer: str
) -> None:
    app = await make_app(TRUSTED_PROXIES=proxies)

    echoed = await ask(app, peer, x_forwarded_for="203.0.113.7:51234")

    assert echoed["address"] == "203.0.113.7"


async def test_an_ipv4_peer_of_an_ipv6_socket_has_its_ipv4_address(make_app: MakeApp) -> None:
    echoed = await ask(await make_app(), "::ffff:203.0.113.7", x_forwarded_for="198.51.100.1")

    assert echoed["address"] == "203.0.113.7"


async def test_an_unknown_scheme_is_ignored(make_app: MakeApp) -> None:
    app = await make_app(TRUSTED_PROXIES="10.0.0.0/8")

    echoed = await ask(app, "10.0.0.1", x_forwarded_proto="javascript")

    assert echoed == {"address": "10.0.0.1", "scheme": "http"}


async def test_a_header_of_the_endpoint_is_kept(make_app: MakeApp) -> None:
    app = await make_app()

    @app.get("/framed")
    async def framed() -> Response:
        return Response(headers={"X-Frame-Options": "SAMEORIGIN", "X-Request-ID": "mine"})

    async with connect(app) as client:
        response = await client.get("/framed", headers={"X-Request-ID": "sent"})

    assert response.headers.get_list("x-frame-options") == ["SAMEORIGIN"]
    assert response.headers.get_list("x-request-id") == ["sent"]
    assert response.headers.get_list("referrer-policy") == ["no-referrer"]
