"""Limits the size of headers and bodies, and rejects compressed bodies."""

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem import problem_response

# Methods whose body is not read.
BODILESS_METHODS = {"GET", "HEAD", "OPTIONS"}
# What a 415 says would be accepted (RFC 9110 §12.5.3).
ACCEPTED_ENCODING = {"Accept-Encoding": "identity"}
# For all headers together. Not every server has such a limit.
MAX_HEADER_BYTES = 64 * 1024


class BodyLimitMiddleware:
    """Responds 413 by `Content-Length`, or as soon as more than the limit has been received.

    An endpoint that accepts more sets `request.state.body_limit` before it reads the body.

    FastAPI's `max_body_size` works outside all middleware: its response would be plain text,
    without the headers that every response has.
    """

    def __init__(self, app: ASGIApp, max_bytes: int) -> None:
        self.app = app
        self.max_bytes = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http":
            if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
                detail = "The headers are too large."
                await problem_response(scope, 431, "bad_request", detail)(scope, receive, send)
                return
            if scope["method"] not in BODILESS_METHODS:
                receive = self._limited(scope, receive)
        await self.app(scope, receive, send)

    def _limited(self, scope: Scope, receive: Receive) -> Receive:
        headers = Headers(scope=scope)
        length = headers.get("content-length", "")
        content_length = int(length) if length.isdecimal() else 0
        codings = ",".join(headers.getlist("content-encoding")).lower().split(",")
        compressed = any(coding.strip() not in {"", "identity"} for coding in codings)
        received = 0
        state = scope.setdefault("state", {})

        async def receive_within_limit() -> Message:
            nonlocal received
            limit = state.get("body_limit", self.max_bytes)
            if content_length > limit:
                raise HTTPException(413)
            if compressed:
                raise HTTPException(415, headers=ACCEPTED_ENCODING)
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        return receive_within_limit
