"""Request id, client address, security headers and access log of every request."""

import re
import time
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from app.core.client_address import unmap
from app.core.config import Settings
from app.core.feature import Feature
from app.core.routing import route_template
from app.middleware.proxy_headers import (
    add_root_path,
    apply_forwarded_headers,
    disable_uvicorn_proxy_headers,
    relative_location,
)
from app.servers.shutdown import is_draining

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
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

log = structlog.get_logger("access")


class RequestContextMiddleware:
    """Outermost, so that every response gets the headers and a line in the access log."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings
        production = settings.environment == "production"
        self.headers = {**SECURITY_HEADERS, **(HTTPS_FOR_ONE_YEAR if production else {})}

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
                self._add_headers(MutableHeaders(scope=message), scope, message["status"])
            elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
                message = {**message, "body": b""}  # not every server leaves it out
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        finally:
            if status is not None:
                log_request(scope, status, time.perf_counter() - started)

    def _add_headers(self, headers: MutableHeaders, scope: Scope, status: int) -> None:
        for name, value in self.headers.items():
            headers.setdefault(name, value)
        headers["X-Request-ID"] = scope["state"]["request_id"]
        if status == 307:  # the router's, to the path without a slash
            headers.setdefault("Cache-Control", "no-store")
            headers["Location"] = relative_location(headers.get("location", ""), scope)
        if is_draining() and scope["http_version"].startswith("1"):  # HTTP/2 has GOAWAY
            headers["Connection"] = "close"


def accepted_request_id(sent: str | None) -> str:
    """Return the client's id if it is valid, else a new one."""
    return sent if sent and REQUEST_ID.fullmatch(sent) else uuid4().hex


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Write the line of the access log: the path without the query, which may hold secrets."""
    # Endpoints that are polled set `quiet`.
    quiet = status < 400 and scope["state"].get("quiet")
    write = log.error if status >= 500 else log.debug if quiet else log.info
    write(
        "request",
        method=scope.get("method", "GET"),
        path=scope["path"],
        route=route_template(scope),
        status=status,
        duration_ms=round(seconds * 1000, 2),
        user_id=get_contextvars().get("user_id"),
        client=(scope.get("client") or (None,))[0],  # none on a Unix socket
    )


def _setup(app: FastAPI) -> None:
    disable_uvicorn_proxy_headers()
    app.add_middleware(RequestContextMiddleware, settings=app.state.settings)


# The outermost middleware: it clears the context variables, and adds headers to every response.
request_context = Feature(
    name="request_context",
    after=("http_client", "api_v2", "cors", "metrics", "tracing"),
    setup=_setup,
)
