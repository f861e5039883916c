"""Unhandled errors before, during and after the response."""

import json
from collections.abc import AsyncIterator

import pytest
from fastapi import BackgroundTasks, FastAPI, WebSocket
from fastapi.responses import StreamingResponse
from starlette.types import Message, Scope

from tests.clients import connect
from tests.conftest import MakeApp


async def break_off() -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        yield "half"
        raise RuntimeError("no more")

    return StreamingResponse(body())


async def fail_later(tasks: BackgroundTasks) -> None:
    async def fail() -> None:
        raise RuntimeError("too late")

    tasks.add_task(fail)


async def test_an_error_in_a_started_response_closes_the_connection(make_app: MakeApp) -> None:
    app = await make_app()
    app.get("/half")(break_off)

    async with connect(app) as client:
        with pytest.raises(RuntimeError, match="no more"):
            await client.get("/half")


async def test_a_task_that_fails_after_the_answer_is_only_logged(
    make_app: MakeApp, capfd: pytest.CaptureFixture[str]
) -> None:
    app = await make_app()
    app.get("/later")(fail_later)

    async with connect(app) as client:
        assert (await client.get("/later")).status_code == 200

    assert "RuntimeError: too late" in capfd.readouterr().out


async def break_down(_: WebSocket) -> None:
    raise RuntimeError("before the upgrade")


async def accept(websocket: WebSocket) -> None:
    await websocket.accept()


async def upgrade(app: FastAPI, path: str) -> list[Message]:
    """Ask for a WebSocket, and return the answer."""
    scope: Scope = {"type": "websocket", "path": path, "headers": [], "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent


@pytest.mark.parametrize(
    ("path", "status", "code"), [("/nothing", 404, "not_found"), ("/broken", 500, "internal_error")]
)
async def test_a_websocket_is_refused_like_any_request(
    make_app: MakeApp, path: str, status: int, code: str
) -> None:
    app = await make_app()
    app.add_api_websocket_route("/broken", break_down)

    start, body = await upgrade(app, path)

    assert start["type"] == "websocket.http.response.start"
    assert start["status"] == status
    assert {b"x-request-id", b"x-content-type-options"} <= dict(start["headers"]).keys()
    assert json.loads(body["body"])["code"] == code


async def test_a_websocket_that_is_accepted_has_a_request_id(make_app: MakeApp) -> None:
    app = await make_app()
    app.add_api_websocket_route("/open", accept)

    accepted, *_ = await upgrade(app, "/open")

    assert accepted["type"] == "websocket.accept"
    assert dict(accepted["headers"])[b"x-request-id"]


async def test_lifespan_events_pass_through(make_app: MakeApp) -> None:
    app = await make_app()
    asked: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return asked.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await app({"type": "lifespan", "state": {}}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
