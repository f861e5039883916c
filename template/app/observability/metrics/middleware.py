"""Counts and times every request."""

import time
from functools import cache

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.route import UNMATCHED, path_below_root, route_template
from app.observability.metrics import series
from app.observability.metrics.endpoint import PATH

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class MetricsMiddleware:
    """Stands outside of whatever refuses requests, since those count too. Scrapes do not."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or path_below_root(scope) == PATH:
            await self.app(scope, receive, send)
            return
        running = Running(scope)

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                running.status = message["status"]
            elif message["type"] == "http.response.body" and not message.get("more_body"):
                running.end()  # whoever has the whole answer finds it counted
            await send(message)

        try:
            await self.app(scope, receive, watch)
        finally:
            running.end()


class Running:
    """A request that has come, and is counted when it ends. It ends once, with an answer or not."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.status = 500
        self.ended = False
        self.started = time.perf_counter()
        series.IN_PROGRESS.inc()

    def end(self) -> None:
        """Count it, the first time."""
        if not self.ended:
            self.ended = True
            series.IN_PROGRESS.dec()
            record(self.scope, self.status, time.perf_counter() - self.started)


# Looking up labels takes longer than counting. There are as many as there are series.
@cache
def requests(method: str, route: str, status: int) -> Counter:
    """The count of requests of one kind."""
    return series.REQUESTS.labels(method, route, str(status))


@cache
def durations(method: str, route: str) -> Histogram:
    """How long requests of one kind take."""
    return series.SECONDS_TAKEN.labels(method, route)


def record(scope: Scope, status: int, seconds: float) -> None:
    """Count a request. What anybody may make up, such as methods and paths, adds no series."""
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = route_template(scope)
    requests(method, route, status).inc()
    if route != UNMATCHED and status != 405:  # nothing ran
        durations(method, route).observe(seconds)
    if status == 429:
        series.RATE_LIMITED.inc()
