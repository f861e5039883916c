"""The middleware stack.

Outermost first, with every feature switched on:

- `RequestContextMiddleware`: request id, client address, security headers, access log
- `RequestSpanMiddleware` (tracing)
- `MetricsMiddleware` (metrics)
- `ProblemCORSMiddleware`
- `DeprecationMiddleware` (api_v2)
- `TraceContextMiddleware` (http_client)
- `RateLimitMiddleware` (rate_limit)
- `TrustedHostsMiddleware`
- `WeightedGZipMiddleware`
- `UnhandledErrorMiddleware`
- `BodyLimitMiddleware`
- `HeadMiddleware`

Features add theirs in `setup`, in the order of `FEATURES`; those of every service are added here.
"""

from collections.abc import Sequence

import structlog
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.errors import internal_error
from app.core.problem import problem_response
from app.core.state import FastAPI, app_of
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.responses import HeadMiddleware, WeightedGZipMiddleware

# Tokens are smaller, so they are never compressed together with text that an attacker may choose
# (BREACH).
GZIP_MINIMUM_BYTES = 2048

log = structlog.get_logger(__name__)


class UnhandledErrorMiddleware:
    """Catches errors inside the other middleware, so that the 500 gets their headers.

    Starlette's `ServerErrorMiddleware` is outermost: its response would have no request id and no
    CORS headers, and the server would close the connection.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond 500, unless the response has started: then the connection must be closed.

        After the response is complete, only a background task can fail, which is logged.
        """
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        started = complete = False

        async def send_and_track(message: Message) -> None:
            nonlocal started, complete
            started = True
            await send(message)
            complete = message["type"] == "http.response.body" and not message.get("more_body")

        try:
            await self.app(scope, receive, send_and_track)
        except Exception as error:
            app_of(scope).state.error_reporters.report_request(error, scope)
            if started and not complete:
                raise
            log.exception("unhandled_error")
            if not started:
                await internal_error(scope)(scope, receive, send)


class TrustedHostsMiddleware:
    """Allows the hosts listed; `*.example.com` matches every subdomain. Others get a problem."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self.app = app
        self.names = {host.lower() for host in hosts}
        self.suffixes = tuple(host.lower()[1:] for host in hosts if host.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond 400 to other hosts."""
        if scope["type"] == "lifespan" or self._serves(Headers(scope=scope).get("host", "")):
            await self.app(scope, receive, send)
            return
        detail = "This service does not serve that host."
        await problem_response(scope, 400, "bad_request", detail)(scope, receive, send)

    def _serves(self, header: str) -> bool:
        name = header.lower()
        if not name.endswith("]"):  # [::1] without a port
            name = name.rsplit(":", 1)[0] if ":" in name else name
        return "*" in self.names or name in self.names or name.endswith(self.suffixes or "\n")


def add_middleware(app: FastAPI) -> None:
    """Add the middleware of every service, innermost first."""
    settings = app.state.settings
    app.add_middleware(HeadMiddleware)
    app.add_middleware(BodyLimitMiddleware, max_bytes=settings.request_max_bytes)
    app.add_middleware(UnhandledErrorMiddleware)
    app.add_middleware(WeightedGZipMiddleware, minimum_size=GZIP_MINIMUM_BYTES, compresslevel=5)
    if settings.trusted_hosts:
        app.add_middleware(TrustedHostsMiddleware, hosts=settings.trusted_hosts)
