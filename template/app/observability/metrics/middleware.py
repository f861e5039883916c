"""The metrics of requests."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.http import UNMATCHED, path_below_root, route_template
from app.core.metrics import Counter, Histogram
from app.observability.metrics.definitions import gauge
from app.observability.metrics.endpoint import PATH

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

REQUESTS = Counter("http_requests_total", "Requests answered", method=(), route=(), status=())
DURATION = Histogram(
    "http_request_duration_seconds",
    "Time to the end of the answer, of requests that matched a route",
    method=(),
    route=(),
)
IN_PROGRESS = gauge("http_requests_in_progress", "Requests being answered")
RATE_LIMITED = Counter("rate_limited_total", "Requests answered with 429")


class MetricsMiddleware:
    """Measures every request except scrapes. Outside of what rejects requests: these count too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http" or path_below_root(scope) == PATH:
            await self.app(scope, receive, send)
            return
        request = MeasuredRequest(scope)

        async def send_and_measure(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                request.finish()  # before the client has the whole answer
            await send(message)

        try:
            await self.app(scope, receive, send_and_measure)
        finally:
            request.finish()


class MeasuredRequest:
    """A request in progress, which is recorded once, with an answer or without."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.status = 500
        self.finished = False
        self.started = time.perf_counter()
        IN_PROGRESS.inc()

    def finish(self) -> None:
        """Record it, the first time."""
        if not self.finished:
            self.finished = True
            IN_PROGRESS.dec()
            record_request(self.scope, self.status, time.perf_counter() - self.started)


def record_request(scope: Scope, status: int, seconds: float) -> None:
    """Record a request. Methods and paths that a client invents add no time series."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = route_template(scope)
    REQUESTS.inc(method=method, route=route, status=str(status))
    if route != UNMATCHED and status != 405:  # no endpoint has run
        DURATION.observe(seconds, method=method, route=route)
    if status == 429:
        RATE_LIMITED.inc()
