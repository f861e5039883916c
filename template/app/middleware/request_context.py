"""Request id, client address, security headers and access log of every request."""

import json
import logging
import re
import sys
import time
from datetime import UTC, datetime

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars
from uuid_utils import uuid4  # takes a thirtieth of the time of the standard library's

from app.core.addresses import unmap
from app.core.config import Settings
from app.core.feature import Feature
from app.core.http import route_template
from app.core.logging import log_level
from app.core.state import FastAPI
from app.middleware.proxy_headers import (
    add_root_path,
    apply_forwarded_headers,
    disable_uvicorn_proxy_headers,
    relative_location,
)
from app.servers.shutdown import is_draining

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
REQUEST_ID_HEADER = b"x-request-id"
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
HTTPS_FOR_ONE_YEAR = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}
# A WebSocket that is rejected gets a response like any other request.
RESPONSE_STARTS = {"http.response.start", "websocket.http.response.start"}
# What JSON has no form for is written as `repr` shows it, as in all other lines.
encode = json.JSONEncoder(default=repr).encode

log = structlog.get_logger("access")


class AccessLog:
    """Writes JSON itself: structlog's processors would cost a third of a simple request."""

    def __init__(self, settings: Settings) -> None:
        self.as_json = settings.log_format == "json"
        self.level = logging.getLevelNamesMapping()[log_level(settings)]

    def write(self, scope: Scope, status: int, seconds: float) -> None:
        """Write the line of a request: the path without the query, which may hold secrets."""
        # `GET /metrics` sets `quiet`: scrapes are logged at debug.
        quiet = status < 400 and scope["state"].get("quiet")
        level = logging.ERROR if status >= 500 else logging.DEBUG if quiet else logging.INFO
        if level < self.level:
            return
        context = get_contextvars()
        line = {
            "method": scope.get("method", "GET"),
            "path": scope["path"],
            "route": route_template(scope),
            "status": status,
            "duration_ms": round(seconds * 1000, 2),
            "client": (scope.get("client") or (None,))[0],  # none on a Unix socket
            "user_id": context.get("user_id"),
        }
        if not self.as_json:
            log.log(level, "request", **line)
            return
        now = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        name = logging.getLevelName(level).lower()
        line = {"timestamp": now, "level": name, "event": "request", **context, **line}
        # With structlog's lock: its lines are written by other threads too.
        structlog.WriteLogger(sys.stdout).info(encode(line))


class RequestContextMiddleware:
    """Outermost, so that every response gets the headers and a line in the access log."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        self.access_log = AccessLog(settings)
        production = settings.environment == "production"
        headers = {**SECURITY_HEADERS, **(HTTPS_FOR_ONE_YEAR if production else {})}
        # As bytes, once: `MutableHeaders` would encode and search each one in every response.
        self.headers = [(name.lower().encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request or one WebSocket."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = accepted_request_id(headers.get("x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        clear_contextvars()
        bind_contextvars(request_id=request_id)
        if peer := scope.get("client"):  # none on a Unix socket
            scope["client"] = (unmap(peer[0]), peer[1])
        add_root_path(scope, self.settings.root_path)
        if self.settings.trusted_proxies:
            apply_forwarded_headers(scope, headers, self.settings.trusted_proxies)
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = 500
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = None  # the WebSocket logs when it opens and closes
                MutableHeaders(scope=message)["X-Request-ID"] = scope["state"]["request_id"]
            elif message["type"] in RESPONSE_STARTS:
                status = message["status"]
                message = {**message, "headers": self._add_headers(message, scope)}
            elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
                message = {**message, "body": b""}  # not every server leaves it out
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            if status is not None:
                self.access_log.write(scope, status, time.perf_counter() - started)

    def _add_headers(self, message: Message, scope: Scope) -> list[tuple[bytes, bytes]]:
        sent = [pair for pair in message.get("headers", ()) if pair[0] != REQUEST_ID_HEADER]
        names = {name for name, _ in sent}
        sent += [pair for pair in self.headers if pair[0] not in names]
        sent.append((REQUEST_ID_HEADER, scope["state"]["request_id"].encode()))
        headers = MutableHeaders(raw=sent)
        if message["status"] == 307:  # the router's, to the path without a slash
            headers.setdefault("Cache-Control", "no-store")
            headers["Location"] = relative_location(headers.get("location", ""), scope)
        if is_draining() and scope["http_version"].startswith("1"):  # HTTP/2 has GOAWAY
            headers["Connection"] = "close"
        return headers.raw


def accepted_request_id(sent: str | None) -> str:
    """Return the client's id if it is valid, else a new one."""
    return sent if sent and REQUEST_ID.fullmatch(sent) else uuid4().hex


def _setup(app: FastAPI) -> None:
    disable_uvicorn_proxy_headers()
    app.add_middleware(RequestContextMiddleware, settings=app.state.settings)


# The outermost middleware: it clears the context variables, and adds headers to every response.
request_context = Feature(
    name="request_context",
    after=("http_client", "api_v2", "cors", "metrics", "tracing"),
    setup=_setup,
)
