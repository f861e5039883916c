"""The page to try it in a browser."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest
from httpx2 import AsyncClient

from tests.api.test_docs import directives
from tests.conftest import MakeClient
from tests.problems import assert_problem

PAGE = "/docs/websocket"


async def test_the_page_needs_nothing_but_this_service(anonymous: AsyncClient) -> None:
    response = await anonymous.get(PAGE)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert "/api/v1/ws" in response.text
    assert not re.search(r"(?:src|href)=|https?://", response.text)


async def test_its_policy_allows_its_own_script_and_no_other(anonymous: AsyncClient) -> None:
    response = await anonymous.get(PAGE)

    policy = directives(response.headers["content-security-policy"])
    [script] = re.findall(r"<script>(.*?)</script>", response.text, re.DOTALL)
    digest = b64encode(sha256(script.encode()).digest()).decode()
    assert policy["script-src"] == ["'self'", f"'sha256-{digest}'"]
    assert policy["connect-src"] == ["'self'"]


@pytest.mark.parametrize(("enabled", "status"), [("true", 200), ("false", 404)])
async def test_it_comes_with_the_docs(make_client: MakeClient, enabled: str, status: int) -> None:
    client = await make_client(DOCS_ENABLED=enabled)

    assert (await client.get(PAGE)).status_code == status


async def test_it_is_not_there_in_production(make_client: MakeClient) -> None:
    client = await make_client(ENVIRONMENT="production")

    assert_problem(await client.get(PAGE), 404, "not_found")
