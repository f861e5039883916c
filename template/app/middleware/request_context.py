"""One pass over every request: its id, the caller's address, common headers, the access log."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from app.core.client_address import Networks, client_address, is_trusted, unmap
from app.core.config import Settings
from app.core.drain import draining
from app.core.feature import Feature
from app.core.route import is_below, route_template
from app.middleware.proxy_headers import disable_uvicorn_proxy_headers

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
# A WebSocket that is refused is answered like any other request.
ANSWERS = {"http.response.start", "websocket.http.response.start"}
ONE_YEAR_OF_HTTPS = {"Strict-Transport-Security": "max-age=31536000; includeSubDomains"}

log = structlog.get_logger("access")


class RequestContextMiddleware:
    """Outermost, so that no response leaves without what it adds."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.proxies: Networks = settings.trusted_proxies
        self.root_path = settings.root_path
        production = settings.environment == "production"
        self.headers = {**SECURITY_HEADERS, **(ONE_YEAR_OF_HTTPS if production else {})}

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
        add_root_path(scope, self.root_path)
        if self.proxies:
            trust_proxies(scope, headers, self.proxies)
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        status: int | None = 500
        started = time.perf_counter()

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "websocket.accept":
                status = None  # its lines are written when it opens and when it is closed
                MutableHeaders(scope=message)["X-Request-ID"] = scope["state"]["request_id"]
            elif message["type"] in ANSWERS:
                status = message["status"]
                self._add_headers(MutableHeaders(scope=message), scope, message["status"])
            elif message["type"] == "http.response.body" and scope["method"] == "HEAD":
                message = {**message, "body": b""}  # some servers would send it
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
        if draining() and scope["http_version"].startswith("1"):  # HTTP/2 has GOAWAY
            headers["Connection"] = "close"


def accepted_request_id(sent: str | None) -> str:
    """Take the caller's id if it is harmless, else make one."""
    return sent if sent and REQUEST_ID.fullmatch(sent) else uuid4().hex


def add_root_path(scope: Scope, configured: str) -> None:
    """Put the prefix that a proxy has taken away before the path, where ASGI wants it.

    The prefix is ROOT_PATH or the server's own `--root-path`; not every server puts it there.
    """
    root = (configured or scope.get("root_path", "")).rstrip("/")
    scope["root_path"] = root
    if root and not is_below(scope["path"], root):
        scope["path"] = root + scope["path"]
        scope["raw_path"] = quote(root).encode() + (scope.get("raw_path") or b"")


def relative_location(location: str, scope: Scope) -> str:
    """Leave out scheme and host where they are ours: a proxy may have others (RFC 9110 §10.2.2)."""
    ours = f"{scope['scheme']}://{Headers(scope=scope).get('host', '')}/"
    return f"/{location.removeprefix(ours)}" if location.startswith(ours) else location


def trust_proxies(scope: Scope, headers: Headers, proxies: Networks) -> None:
    """Put the caller's own address and scheme into the scope, if a proxy of ours speaks for it."""
    peer = scope.get("client")
    if not peer or not is_trusted(peer[0], proxies):
        return
    forwarded_for = ",".join(headers.getlist("x-forwarded-for"))
    scope["client"] = (client_address(peer[0], forwarded_for, proxies), 0)
    scheme = headers.get("x-forwarded-proto", "").strip().lower()
    if scheme in {"http", "https"} and scope["type"] == "http":
        scope["scheme"] = scheme


def log_request(scope: Scope, status: int, seconds: float) -> None:
    """Write the access log's line. The query may hold secrets, so the path stands alone."""
    quiet = status < 400 and scope["state"].get("quiet")  # it says that it is asked all the time
    write: Callable[..., Any] = log.error if status >= 500 else log.debug if quiet else log.info
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
