"""The attributes of the spans of requests."""

import asyncio

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Span, format_trace_id
from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from app.observability.tracing.feature import redact_url
from app.observability.tracing.provider import RequestSpanMiddleware

SECRET = "hunter2"


def attributes(span: Span) -> dict[str, object]:
    """The attributes of the span, which the type hides."""
    return dict(getattr(span, "attributes", {}))


async def nothing() -> Message:
    raise AssertionError("not received")


async def nowhere(_: Message) -> None:
    raise AssertionError("not sent")


async def pass_through(query: bytes) -> dict[str, object]:
    """Let a request pass the middleware, and return what its log lines would have."""
    bound: dict[str, object] = {}

    async def app(_scope: Scope, _receive: Receive, _send: Send) -> None:
        bound.update(get_contextvars())

    scope = {"type": "http", "state": {"request_id": "r-7"}, "query_string": query}
    await asyncio.create_task(RequestSpanMiddleware(app)(scope, nothing, nowhere))
    return bound


async def test_the_span_has_the_request_id_and_the_log_the_trace_id() -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("GET /tea") as span:
        bound = await pass_through(b"")

    assert attributes(span) == {"request_id": "r-7"}
    assert bound["trace_id"] == format_trace_id(span.get_span_context().trace_id)


async def test_the_query_is_not_on_the_span() -> None:
    with TracerProvider().get_tracer("test").start_as_current_span("GET /tea") as span:
        span.set_attribute("url.query", f"token={SECRET}")  # as FastAPI does
        await pass_through(f"token={SECRET}".encode())

    assert attributes(span)["url.query"] == ""


@pytest.mark.parametrize("name", ["http.url", "url.full"])
def test_the_secrets_of_a_url_are_not_on_the_span(name: str) -> None:
    url = f"https://me:{SECRET}@host:8443/tea?key={SECRET}#{SECRET}"
    with TracerProvider().get_tracer("test").start_as_current_span("GET") as span:
        span.set_attribute(name, url)

        redact_url(span, None)

    assert attributes(span)[name] == "https://host:8443/tea"
