"""What becomes of an error when the answer has begun."""

from collections.abc import AsyncIterator

import pytest
from fastapi import BackgroundTasks
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


async def test_an_answer_that_breaks_off_breaks_the_connection(make_app: MakeApp) -> None:
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


async def test_a_websocket_that_nobody_serves_is_refused(make_app: MakeApp) -> None:
    app = await make_app()
    scope: Scope = {"type": "websocket", "path": "/nothing", "headers": [], "query_string": b""}
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    async def send(message: Message) -> None:
        sent.append(message)

    await app(scope, receive, send)

    assert [message["type"] for message in sent] == ["websocket.close"]
