"""The OpenAPI document is complete."""

import re
from typing import Any

import pytest
from fastapi.routing import iter_route_contexts
from httpx2 import AsyncClient

from app import main
from app.api.openapi import FIRST, build
from app.core.config import PROJECT
from app.core.state import FastAPI
from tests.routes import Operation, operations, versions

OPERATIONS = [pytest.param(operation, id=operation.id) for operation in operations(main.app)]


@pytest.fixture
async def document(anonymous: AsyncClient) -> dict[str, Any]:
    """The document as it is served."""
    return (await anonymous.get("/api/v1/openapi.json")).json()


async def test_the_document_says_what_the_service_is(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"].pop("description").startswith(f"{PROJECT.description}\n\n")
    assert document["info"] == {
        "title": PROJECT.title,
        "version": PROJECT.version,
        "contact": {"name": PROJECT.author, "email": PROJECT.email},
        **({"license": PROJECT.license_info} if PROJECT.license_info else {}),
    }
    assert document["servers"] == [{"url": "/"}]


async def test_the_introduction_says_who_may_do_what(document: dict[str, Any]) -> None:
    text = document["info"]["description"]

    assert "## Who may do what" in text
    named = re.findall("`(GET|POST) (/[^`]+)`", text)
    assert named
    for method, path in named:
        assert document["paths"][path][method.lower()]


async def test_the_introduction_says_how_to_log_in_where_that_is_needed(
    document: dict[str, Any],
) -> None:
    is_needed = any(path.endswith("/auth/login") for path in document["paths"])

    assert ("## Log in" in document["info"]["description"]) == is_needed


async def test_the_title_can_be_set(anonymous: AsyncClient, make_client: Any) -> None:
    client = await make_client(PROJECT_NAME="Tea & Co")

    assert (await client.get("/api/v1/openapi.json")).json()["info"]["title"] == "Tea & Co"


@pytest.mark.parametrize(
    ("license", "expected"),
    [
        ("MIT", {"name": "MIT", "identifier": "MIT"}),
        ("Apache-2.0 OR MIT", {"name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT"}),
        ("LicenseRef-Proprietary", None),
    ],
)
def test_the_license_is_one_that_generators_can_look_up(
    license: str, expected: dict[str, str] | None
) -> None:
    assert PROJECT.model_copy(update={"license": license}).license_info == expected


@pytest.mark.parametrize(
    ("path", "is_in_it"),
    [
        ("/health/live", True),
        ("/api/visits", True),
        ("/api/v1/specimens", True),
        ("/api/v2/specimens", False),
        ("/api/v10/specimens", False),
    ],
)
def test_the_first_document_has_the_paths_of_no_other_version(path: str, is_in_it: bool) -> None:
    assert bool(FIRST.match(path)) == is_in_it


def test_operation_ids_are_the_names_of_the_functions(app: FastAPI) -> None:
    functions = [
        getattr(context.endpoint, "__name__", "")
        for context in iter_route_contexts(app.routes)
        if getattr(context, "include_in_schema", False)
    ]

    listed = [operation.document["operationId"] for operation in operations(app)]

    assert listed == functions


def test_no_two_operations_of_a_version_share_an_id(app: FastAPI) -> None:
    for version in versions(app):
        paths = build(app, version)["paths"].values()
        listed = [operation["operationId"] for path in paths for operation in path.values()]

        assert listed
        assert len(set(listed)) == len(listed)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_described(operation: Operation, app: FastAPI) -> None:
    described = {tag["name"] for tag in app.openapi()["tags"]}

    assert operation.document["summary"]
    assert operation.document["description"].endswith(".")
    assert operation.document["tags"]
    assert described.issuperset(operation.document["tags"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_documents_its_problems(operation: Operation) -> None:
    responses = operation.document["responses"]
    expected = {"400", "500", "503"}
    expected |= {"413", "422"} if "requestBody" in operation.document else set()
    expected |= {"401", "403"} if operation.document["security"] else set()

    assert expected <= responses.keys()
    for status, response in responses.items():
        is_readiness = operation.id == "get_readiness" and status == "503"
        if status >= "400" and not is_readiness:
            problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
            assert response["content"]["application/problem+json"] == problem
            is_refresh = operation.id == "login" and status == "400"  # RFC 6749 §5.2
            assert len(response["content"]) == (2 if is_refresh else 1)


async def test_no_schema_of_the_framework_is_left(document: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in document["components"]["schemas"]


async def test_bodies_have_examples(document: dict[str, Any]) -> None:
    specimen = document["components"]["schemas"]["SpecimenCreate"]

    assert specimen["additionalProperties"] is False
    assert specimen["properties"]["name"]["examples"] == ["Teapot"]
    assert re.search("examples", str(document["components"]["schemas"]["Problem"]))
