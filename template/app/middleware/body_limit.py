"""Refuses bodies that are larger than this service wants to hold."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Nobody reads the body of these.
BODILESS = {"GET", "HEAD", "OPTIONS"}


class BodyLimitMiddleware:
    """Answers 413 by the announced length, else as soon as too much has come.

    The framework's own limit stands outside of everything: its answer to a `Content-Length` that
    is too large would be plain text, without the headers that every response has.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let whoever reads too much of the body fail with 413."""
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self.app(scope, receive, send)
            return
        length = Headers(scope=scope).get("content-length", "")
        announced = int(length) if length.isdecimal() else 0
        received = 0

        async def receive_within_limit() -> Message:
            nonlocal received
            if announced > self.max_bytes:
                raise HTTPException(413)
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.max_bytes:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_within_limit, send)
