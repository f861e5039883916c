"""Limits the size of headers and bodies, and rejects bodies in encodings that are not read."""

import codecs

from fastapi import HTTPException
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.problem import problem_response
from app.servers import MAX_HEADER_BYTES

# The byte order marks of UTF-16 and UTF-32; one begins like another.
UNICODE_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


class BodyLimitMiddleware:
    """Responds 413 by `Content-Length`, or as soon as more than the limit has been received.

    A 415 says which encoding would be accepted (RFC 9110 §12.5.3).

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
            # Not every server has this limit.
            if sum(len(name) + len(value) for name, value in scope["headers"]) > MAX_HEADER_BYTES:
                detail = "The headers are too large."
                await problem_response(scope, 431, "bad_request", detail)(scope, receive, send)
                return
            if scope["method"] not in {"GET", "HEAD", "OPTIONS"}:  # their body is not read
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
                raise HTTPException(415, headers={"Accept-Encoding": "identity"})
            message = await receive()
            if received < 4 and is_unmarked_json(headers, message):
                raise UnicodeError  # answered like any other JSON that cannot be decoded
            received += len(message.get("body", b""))
            if received > limit:
                raise HTTPException(413)
            return message

        return receive_within_limit


def is_unmarked_json(headers: Headers, message: Message) -> bool:
    """Whether JSON begins like UTF-16 or UTF-32 without a mark, which Python's `json` would guess.

    JSON is UTF-8 (RFC 8259 §8.1), where no byte is NUL.
    """
    start, media_type = message.get("body", b"")[:4], headers.get("content-type", "").split(";")[0]
    is_json = "json" in media_type.lower()
    return is_json and b"\0" in start and not start.startswith(UNICODE_MARKS)
