"""Refuses bodies and headers that this service does not read: too large, or compressed."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import problem

# Nobody reads the body of these.
BODILESS = {"GET", "HEAD", "OPTIONS"}
# Of a 415, what would be read (RFC 9110 §12.5.3).
UNCOMPRESSED = {"Accept-Encoding": "identity"}
# Of all headers together. Some servers have such a limit, some have none.
HEADER_BYTES = 64 * 1024


class BodyLimitMiddleware:
    """Answers 413 by the announced length, else as soon as too much has come.

    An endpoint that takes more sets `request.state.body_limit` before it reads.

    The framework's own limit stands outside of everything: its answer to a `Content-Length` that
    is too large would be plain text, without the headers that every response has.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let whoever reads too much of the body fail with 413."""
        if scope["type"] == "http" and header_bytes(scope) > HEADER_BYTES:
            response = problem(scope, 431, "bad_request", "The headers are too large.")
            await response(scope, receive, send)
            return
        if scope["type"] != "http" or scope["method"] in BODILESS:
            await self.app(scope, receive, send)
            return
        await self.app(scope, self._limited(scope, receive), send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        announced = int(length) if length.isdecimal() else 0
        codings = ",".join(headers.getlist("content-encoding")).lower().split(",")
        compressed = any(coding.strip() not in {"", "identity"} for coding in codings)
        received = 0
        state = scope.setdefault("state", {})

        async def receive_within_limit() -> Message:
            nonlocal received
            limit = state.get("body_limit", self.max_bytes)
            if announced > limit:
                raise HTTPException(413)
            if compressed:
                raise HTTPException(415, headers=UNCOMPRESSED)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        return receive_within_limit


def header_bytes(scope: Scope) -> int:
    """How large the headers are."""
    return sum(len(name) + len(value) for name, value in scope["headers"])
