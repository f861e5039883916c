"""Closes WebSockets when the service stops."""

import asyncio

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.drain import farewell as when_the_drain_is_over
from app.core.feature import Feature

# "Service Restart": come again (RFC 6455, IANA's registry).
RESTART = 1012


class FarewellMiddleware:
    """Sends 1012 on every WebSocket as the drain ends, and tells the app that the client left.

    Servers differ in this: one does the same, one waits for the clients until its patience ends,
    one cuts the connections without a word.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one WebSocket, or whatever else it is."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        over = asyncio.Event()
        with when_the_drain_is_over(over.set):
            await self._serve(scope, receive, send, over)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, over: asyncio.Event) -> None:
        closed = False
        leaving = asyncio.create_task(over.wait())

        async def receive_until_over() -> Message:
            nonlocal closed
            arriving = asyncio.ensure_future(receive())
            await asyncio.wait({arriving, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if arriving.done():
                return arriving.result()
            arriving.cancel()
            closed = True
            await send({"type": "websocket.close", "code": RESTART})
            return {"type": "websocket.disconnect", "code": RESTART}

        async def send_unless_closed(message: Message) -> None:
            if not closed:
                await send(message)

        try:
            await self.app(scope, receive_until_over, send_unless_closed)
        finally:
            leaving.cancel()


def _setup(app: FastAPI) -> None:
    app.add_middleware(FarewellMiddleware)


farewell = Feature(name="farewell", setup=_setup)
