"""/docs and /redoc work in a browser without internet."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from httpx2 import AsyncClient

from tests.conftest import MakeClient
from tests.problems import assert_problem

PAGES = ["/docs", "/redoc"]


def directives(policy: str) -> dict[str, list[str]]:
    """Read a Content-Security-Policy."""
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("page", PAGES)
async def test_the_pages_assets_come_from_the_service(anonymous: AsyncClient, page: str) -> None:
    html = (await anonymous.get(page)).text
    assets = re.findall(r'<(?:script|link)[^>]* (?:src|href)="([^"]+)"', html)

    assert "http:" not in html
    assert "https:" not in html
    assert any(asset.endswith(".js") for asset in assets)
    for asset in assets:
        assert asset.startswith("/docs/assets/")
        assert (await anonymous.get(asset)).status_code == 200


@pytest.mark.parametrize("page", PAGES)
async def test_the_policy_allows_what_the_page_does_and_no_more(
    anonymous: AsyncClient, page: str
) -> None:
    response = await anonymous.get(page)

    policy = directives(response.headers["content-security-policy"])
    scripts = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    hashes = [f"'sha256-{b64encode(sha256(s.encode()).digest()).decode()}'" for s in scripts]
    assert policy["script-src"] == ["'self'", *hashes]
    assert policy["default-src"] == policy["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("page", PAGES)
async def test_the_pages_read_the_document_that_is_served(
    anonymous: AsyncClient, page: str
) -> None:
    html = (await anonymous.get(page)).text

    assert "/api/v1/openapi.json" in html
    assert (await anonymous.get("/api/v1/openapi.json")).json()["paths"]


@pytest.mark.parametrize("page", PAGES)
async def test_a_name_with_angle_brackets_is_a_title_and_no_html(
    make_client: MakeClient, page: str
) -> None:
    client = await make_client(PROJECT_NAME="O'Brien </title><b>")

    html = (await client.get(page)).text

    assert html.count("</title>") == 1
    assert "<b>" not in html


@pytest.mark.parametrize("path", [*PAGES, "/api/v1/openapi.json", "/docs/assets/swagger-ui.css"])
async def test_there_are_no_docs_in_production(make_client: MakeClient, path: str) -> None:
    client = await make_client(ENVIRONMENT="production")

    assert_problem(await client.get(path), 404, "not_found")


@pytest.mark.parametrize(
    ("enabled", "environment", "status"),
    [("true", "production", 200), ("false", "development", 404)],
)
async def test_docs_can_be_switched(
    make_client: MakeClient, enabled: str, environment: str, status: int
) -> None:
    client = await make_client(DOCS_ENABLED=enabled, ENVIRONMENT=environment)

    assert {(await client.get(page)).status_code for page in PAGES} == {status}


async def test_swagger_ui_shows_who_may_call_an_operation(anonymous: AsyncClient) -> None:
    assert '"showExtensions": true' in (await anonymous.get("/docs")).text
