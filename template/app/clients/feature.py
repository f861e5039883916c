"""The feature `http_client`: one pool for the lifetime of the app, and the clients that use it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from app.clients.environment import HttpClientSettings
from app.clients.http import open_http_client
from app.core.feature import Feature
from app.core.state import FastAPI

PROPAGATOR = TraceContextTextMapPropagator()


class TraceContextMiddleware:
    """Makes outgoing calls a part of the client's trace.

    A service without spans forwards the trace context unchanged (W3C Trace Context).
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Attach the client's trace context unless this service has a span."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "traceparent" not in headers or trace.get_current_span().get_span_context().is_valid:
            await self.app(scope, receive, send)
            return
        token = context.attach(PROPAGATOR.extract(headers))
        try:
            await self.app(scope, receive, send)
        finally:
            context.detach(token)


def _setup(app: FastAPI) -> None:
    app.add_middleware(TraceContextMiddleware)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    async with open_http_client(HttpClientSettings.load()) as http:
        app.state.http = http
        yield


http_client = Feature(name="http_client", setup=_setup, lifespan=_lifespan)
