"""One OpenAPI document for each version, and pages to read both."""

import re
from typing import Any

import pytest
from httpx2 import AsyncClient

from app.api.openapi import build
from app.cli import versions
from app.core.state import FastAPI
from tests.conftest import MakeClient
from tests.problems import assert_problem


async def document(client: AsyncClient, version: str) -> dict[str, Any]:
    return (await client.get(f"/api/{version}/openapi.json")).json()


async def test_each_version_has_its_own_document(anonymous: AsyncClient) -> None:
    one, two = await document(anonymous, "v1"), await document(anonymous, "v2")

    assert one["info"] == two["info"]
    assert one["openapi"] == two["openapi"]
    assert not [path for path in one["paths"] if path.startswith("/api/v2")]
    assert {path.split("/")[2] for path in two["paths"]} == {"v2"}
    assert set(two["paths"]) == {f"/api/v2/items{rest}" for rest in ("", "/export", "/{item_id}")}


async def test_a_document_holds_no_schema_of_another_version(anonymous: AsyncClient) -> None:
    one, two = await document(anonymous, "v1"), await document(anonymous, "v2")

    assert "CursorPageItemRead" not in one["components"]["schemas"]
    assert "PageItemRead" not in two["components"]["schemas"]
    for name in re.findall(r'"#/components/schemas/(\w+)"', str(two).replace("'", '"')):
        assert name in two["components"]["schemas"]


async def test_version_2_documents_its_problems_and_operation_ids(
    anonymous: AsyncClient,
) -> None:
    items = (await document(anonymous, "v2"))["paths"]["/api/v2/items"]

    assert (items["get"]["operationId"], items["post"]["operationId"]) == (
        "list_items",
        "create_item",
    )
    assert "bad_request" in items["get"]["responses"]["400"]["description"]
    assert {"409", "422"} <= items["post"]["responses"].keys()


@pytest.mark.parametrize("page", ["/docs", "/redoc"])
async def test_both_versions_can_be_read(anonymous: AsyncClient, page: str) -> None:
    for path, version in ((page, "v1"), (f"{page}/v2", "v2")):
        response = await anonymous.get(path)

        assert f"/api/{version}/openapi.json" in response.text
        links = re.findall('<a href="([^"]+)"', response.text)
        assert links == ["/docs", "/docs/v2", "/redoc", "/redoc/v2"]
        assert "script-src 'self'" in response.headers["content-security-policy"]


async def test_the_gates_have_a_document_of_each_version(
    app: FastAPI, anonymous: AsyncClient
) -> None:
    documents = {version: build(app, paths) for version, paths in versions(app).items()}

    assert list(documents) == ["v1", "v2"]
    for version, document in documents.items():
        assert (await anonymous.get(f"/api/{version}/openapi.json")).json() == document


@pytest.mark.parametrize("path", ["/docs/v2", "/redoc/v2", "/api/v2/openapi.json"])
async def test_there_are_no_docs_in_production(make_client: MakeClient, path: str) -> None:
    client = await make_client(ENVIRONMENT="production")

    assert_problem(await client.get(path), 404, "not_found")
