"""Attributes of the spans of requests, and the trace id in the log."""

from opentelemetry import trace
from opentelemetry.trace import format_trace_id
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars


class RequestSpanMiddleware:
    """Runs inside of the span that FastAPI starts for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the request id on the span, and the trace id on the log lines."""
        span = trace.get_current_span()
        if span.is_recording():
            span.set_attribute("request_id", scope["state"]["request_id"])
            if scope.get("query_string"):
                span.set_attribute("url.query", "")  # it may hold secrets
            bind_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id))
        await self.app(scope, receive, send)
