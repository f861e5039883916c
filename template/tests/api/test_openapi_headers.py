"""The document lists the headers of every response."""

from typing import Any

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from app.api.responses import HEADERS
from tests.examples import prepare, send
from tests.routes import Operation, operations

EVERY = [pytest.param(operation, id=operation.id) for operation in operations(main.app)]


def documented(operation: Operation, response: Response) -> set[str]:
    """The headers that the document has for such an answer."""
    return set(operation.document["responses"][str(response.status_code)].get("headers", ()))


def sent(response: Response) -> set[str]:
    """The headers of an answer, of those that can be documented."""
    return {name for name in HEADERS if name in response.headers}


@pytest.mark.parametrize("operation", EVERY)
async def test_a_success_has_the_headers_that_are_documented(
    operation: Operation, client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)

    response = await send(client, operation, call)

    assert documented(operation, response) == sent(response)


@pytest.mark.parametrize("operation", EVERY)
async def test_a_401_has_www_authenticate(operation: Operation, anonymous: AsyncClient) -> None:
    response = await anonymous.request(operation.method, operation.url({}))

    if response.status_code == 401 and operation.document["security"]:
        assert documented(operation, response) == {"WWW-Authenticate"} <= sent(response)


@pytest.mark.parametrize("operation", EVERY)
def test_a_429_and_a_503_have_retry_after(operation: Operation) -> None:
    responses = operation.document["responses"]

    assert "Retry-After" in responses["503"].get("headers", ()) or operation.id == "get_readiness"
    if "429" in responses:
        assert {"RateLimit", "RateLimit-Policy", "Retry-After"} <= responses["429"][
            "headers"
        ].keys()


async def test_each_header_is_described(anonymous: AsyncClient) -> None:
    document: dict[str, Any] = (await anonymous.get("/api/v1/openapi.json")).json()

    described = document["components"]["headers"]
    assert {"ETag", "Location", "Retry-After"} <= described.keys() <= HEADERS.keys()
    assert all(header["description"] for header in described.values())
    assert all(header["schema"]["examples"] for header in described.values())
