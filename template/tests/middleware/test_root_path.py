"""Behind a proxy that strips a prefix: URLs for clients have it."""

import re
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager

import pytest
from fastapi import FastAPI
from httpx2 import ASGITransport, AsyncClient

from tests.blueprint.factories import SPECIMENS
from tests.conftest import MakeApp
from tests.problems import assert_problem

TEA = {"name": "Tea", "price": "1.50"}


def behind(app: FastAPI, root: str, credentials: dict[str, str]) -> AbstractAsyncContextManager:
    """A client of an app whose server has the prefix, by its `--root-path`."""
    transport = ASGITransport(app=app, root_path=root)
    return AsyncClient(transport=transport, base_url="http://test", headers=credentials)


@pytest.fixture(params=["ROOT_PATH=/shop", "ROOT_PATH=/shop/", "--root-path=/shop"])
async def shop(
    request: pytest.FixtureRequest, make_app: MakeApp, credentials: dict[str, str]
) -> AsyncIterator[AsyncClient]:
    """A client that asks for what is left of the paths, as the proxy does."""
    name, _, value = request.param.partition("=")
    app = await make_app(**({name: value} if name == "ROOT_PATH" else {}))
    async with behind(app, "" if name == "ROOT_PATH" else value, credentials) as client:
        yield client


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_the_pages_find_their_assets(shop: AsyncClient, page: str) -> None:
    html = (await shop.get(page)).text

    found = re.findall(r'(?:src|href|spec-url)="([^"]+)"', html)
    assert found
    assert {url[:6] for url in found} == {"/shop/"}
    for url in found:
        assert (await shop.get(url.removeprefix("/shop"))).status_code == 200
    assert "/shop/api/v1/openapi.json" in html


async def test_the_document_names_the_prefix(shop: AsyncClient) -> None:
    document = (await shop.get("/api/v1/openapi.json")).json()

    assert document["servers"] == [{"url": "/shop"}]
    assert SPECIMENS in document["paths"]
    schemes = document["components"].get("securitySchemes", {})
    urls = re.findall(r"'(?:token|refresh)Url': '([^']+)'", str(schemes))
    assert all(url.startswith("/shop/api/v1/auth/") for url in urls)


async def test_location_has_the_prefix(shop: AsyncClient) -> None:
    made = await shop.post(SPECIMENS, json=TEA)

    where = made.headers["location"]
    assert where == f"/shop{SPECIMENS}/{made.json()['id']}"
    assert (await shop.get(where)).json() == made.json()
    assert (await shop.get(where.removeprefix("/shop"))).json() == made.json()


async def test_a_redirect_leads_below_the_prefix(shop: AsyncClient) -> None:
    response = await shop.get(f"{SPECIMENS}/")

    assert (response.status_code, response.headers["location"]) == (307, f"/shop{SPECIMENS}")


@pytest.mark.parametrize("path", ["/health", "/shop/health"])
async def test_a_wrong_method_gets_the_allowed_ones(shop: AsyncClient, path: str) -> None:
    response = await shop.delete(path)

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD")
    assert response.json()["instance"] == "/shop/health"


async def test_what_only_begins_alike_is_not_below_the_prefix(shop: AsyncClient) -> None:
    response = await shop.get("/shopping")

    assert (response.status_code, response.json()["instance"]) == (404, "/shop/shopping")


async def test_the_prefix_may_be_that_of_the_api(
    make_app: MakeApp, credentials: dict[str, str]
) -> None:
    app = await make_app(ROOT_PATH="/api")

    async with behind(app, "", credentials) as client:
        for path in ("/health/live", "/docs", SPECIMENS):
            stripped, kept = await client.get(path), await client.get(f"/api{path}")
            assert (stripped.status_code, kept.status_code) == (200, 200), path
            assert stripped.text == kept.text


async def test_without_a_prefix_nothing_is_added(client: AsyncClient) -> None:
    document = (await client.get("/api/v1/openapi.json")).json()
    missing = await client.get("/shop/health")

    assert document["servers"] == [{"url": "/"}]
    assert_problem(missing, 404, "not_found")
