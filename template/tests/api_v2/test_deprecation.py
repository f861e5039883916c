"""The headers `Deprecation` and `Link` of version 1, where version 2 has the same resource."""

import re
from datetime import UTC, datetime

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Message, Receive, Scope, Send

from app.api.v2.feature import DeprecationMiddleware
from tests.clients import connect
from tests.conftest import MakeApp, MakeClient
from tests.factories import make_item


async def no_message() -> Message:
    """Fail if a message is requested."""
    raise AssertionError


def successor(target: str) -> str:
    return f'<{target}>; rel="successor-version"'


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/items", 200),
        ("GET", "/items/export", 200),
        ("GET", "/items?page=0", 422),
        ("PUT", "/items", 405),
        ("POST", "/items", 422),
        ("GET", "/items/no-id", 404),
    ],
)
async def test_items_link_to_their_successor(
    client: AsyncClient, method: str, path: str, status: int
) -> None:
    response = await client.request(method, f"/api/v1{path}")

    assert response.status_code == status
    assert response.headers["link"] == successor(f"/api/v2{path}".partition("?")[0])


async def test_the_successor_of_an_item_is_the_item(
    client: AsyncClient, session: AsyncSession
) -> None:
    old = await client.get(f"/api/v1/items/{(await make_item(session)).id}")

    target = re.findall("<(.*)>", old.headers["link"])[0]

    assert (await client.get(target)).json() == old.json()


async def test_the_date_of_the_deprecation_is_in_the_past(client: AsyncClient) -> None:
    value = (await client.get("/api/v1/items")).headers["deprecation"]

    assert re.fullmatch(r"@\d+", value)  # RFC 9745 §2.1
    assert datetime.fromtimestamp(int(value[1:]), UTC) < datetime.now(UTC)


async def test_the_link_has_the_prefix_that_a_proxy_strips(app: FastAPI) -> None:
    async with AsyncClient(
        transport=ASGITransport(app, root_path="/shop"), base_url="http://test"
    ) as client:
        response = await client.get("/shop/api/v1/items")

    assert response.headers["link"] == successor("/shop/api/v2/items")


@pytest.mark.parametrize("answer", ["websocket.http.response.start", "websocket.accept"])
async def test_websockets_get_the_headers_too(answer: str) -> None:
    sent: list[Message] = []

    async def accept(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": answer, "headers": []})

    async def send(message: Message) -> None:
        sent.append(message)

    middleware = DeprecationMiddleware(accept, lambda: {"items"})
    await middleware({"type": "websocket", "path": "/api/v1/items/watch"}, no_message, send)

    assert dict(sent[0]["headers"]).keys() == {b"deprecation", b"link"}


@pytest.mark.parametrize("path", ["/items/%0d%0aX:y", "/items/%3E%22", "/items/%ff%ed%a0%80"])
async def test_a_path_cannot_write_headers(client: AsyncClient, path: str) -> None:
    response = await client.get(f"/api/v1{path}")

    assert re.fullmatch(
        r'</api/v2/items/[\w%.~-]+>; rel="successor-version"', response.headers["link"]
    )
    assert "x" not in response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1",
        "/api/v1/",
        "/api/v1/nothing",
        "/api/v1//items",
        "/api/v1/items-of-others",
        "/api/v1/openapi.json",
        "/api/v1/api/v1/items",
        "/api/v1/users/me",
        "/api/v2/items",
        "/api/v2/nothing",
        "/health",
        "/api/v10/items",
    ],
)
async def test_nothing_else_is_deprecated(client: AsyncClient, path: str) -> None:
    headers = (await client.get(path)).headers

    assert "deprecation" not in headers
    assert "link" not in headers


async def test_errors_of_middleware_have_the_headers_too(anonymous: AsyncClient) -> None:
    response = await anonymous.post("/api/v1/items", content=b"a" * 1024 * 1024 * 2)

    assert response.status_code >= 400
    assert response.headers["deprecation"]


async def fail() -> None:
    raise RuntimeError("unexpected")


async def test_unhandled_errors_have_the_headers_too(make_app: MakeApp) -> None:
    app: FastAPI = await make_app()
    app.get("/api/v1/items/broken")(fail)

    async with connect(app) as client:
        response = await client.get("/api/v1/items/broken")

    assert (response.status_code, "deprecation" in response.headers) == (500, True)


async def test_cors_exposes_the_headers(make_client: MakeClient) -> None:
    client = await make_client(CORS_ORIGINS="https://web.example")

    response = await client.get("/api/v1/items", headers={"Origin": "https://web.example"})

    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert {"Deprecation", "Link"} <= set(exposed) & {name.title() for name in response.headers}


async def test_routes_are_not_listed_before_the_first_request_to_version_1(
    make_app: MakeApp,
) -> None:
    app = await make_app()

    async with connect(app) as client:
        await client.get("/health/live")
        app.get("/api/v2/late")(fail)
        response = await client.get("/api/v1/late")

    assert response.headers["deprecation"]
