"""HEAD: the headers of GET, without a body. tests/api/test_routes.py calls every operation."""

from collections.abc import AsyncIterator

import pytest
from fastapi.responses import StreamingResponse
from httpx2 import AsyncClient
from starlette.types import Message, Receive, Scope, Send

from app.middleware.responses import HeadMiddleware
from tests.clients import connect
from tests.conftest import MakeApp

PAGES = [
    "/docs",
    "/redoc",
    "/docs/assets/swagger-ui.css",
    "/api/v1/openapi.json",
    "/api/v1/specimens/nonsense",
    "/nothing",
]


@pytest.mark.parametrize("coding", ["gzip", "identity"])
@pytest.mark.parametrize("path", PAGES)
async def test_head_has_the_headers_of_get(client: AsyncClient, path: str, coding: str) -> None:
    get = await client.get(path, headers={"Accept-Encoding": coding, "X-Request-ID": "tea"})

    head = await client.head(path, headers={"Accept-Encoding": coding, "X-Request-ID": "tea"})

    assert (head.status_code, head.content) == (get.status_code, b"")
    described = [
        {name: value for name, value in answer.headers.items() if not name.startswith("ratelimit")}
        for answer in (get, head)
    ]
    assert described[0] == described[1]


async def test_head_is_refused_where_there_is_no_get(
    client: AsyncClient, make_app: MakeApp
) -> None:
    app = await make_app()
    app.post("/only-posts")(lambda: None)

    async with connect(app) as other:
        response = await other.head("/only-posts")

    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert response.content == b""


async def test_a_stream_is_not_made_to_its_end_for_head(make_app: MakeApp) -> None:
    made = []

    async def numbers() -> AsyncIterator[str]:
        for number in range(100):
            made.append(number)
            yield f"{number}\n"

    async def stream() -> StreamingResponse:
        return StreamingResponse(numbers(), media_type="text/csv")

    app = await make_app()
    app.get("/numbers")(stream)
    async with connect(app) as client:
        response = await client.head("/numbers")

    assert (response.status_code, response.headers["content-type"][:8]) == (200, "text/csv")
    assert len(made) < 3


async def test_a_file_that_the_server_would_send_itself_is_not_sent_for_head() -> None:
    sent: list[Message] = []

    async def send_file(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/tea.pdf"})

    async def note(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.disconnect"}

    await HeadMiddleware(send_file)({"type": "http", "method": "HEAD"}, nothing, note)

    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
