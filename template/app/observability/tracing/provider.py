"""The tracer provider, and the spans of requests and of SQL statements.

One provider for each process: its thread does not survive a fork.
"""

from collections.abc import Sequence
from threading import Thread
from typing import Any

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_OFF,
    ALWAYS_ON,
    ParentBased,
    Sampler,
    SamplingResult,
    TraceIdRatioBased,
)
from opentelemetry.trace import (
    Link,
    Span,
    SpanKind,
    StatusCode,
    TraceState,
    format_trace_id,
    get_current_span,
)
from opentelemetry.util.types import Attributes
from sqlalchemy import Engine, ExceptionContext, event
from starlette.types import ASGIApp, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from app.core.config import PROJECT, Settings
from app.observability.tracing.feature import TracingSettings

EXPORT_TIMEOUT_SECONDS = 3.0
SPAN_OPTION = "span"

tracer = trace.get_tracer(__name__)


class RequestRootSampler(Sampler):
    """Samples only traces whose root is a request.

    Polling the broker, periodic jobs and health checks would each be a trace otherwise.
    """

    def __init__(self, inner: Sampler) -> None:
        self.inner = inner

    def should_sample(
        self,
        parent_context: Context | None,
        trace_id: int,
        name: str,
        kind: SpanKind | None = None,
        attributes: Attributes = None,
        links: Sequence[Link] | None = None,
        trace_state: TraceState | None = None,
    ) -> SamplingResult:
        """Drop a root of another kind; leave the rest to the inner sampler."""
        is_root = not get_current_span(parent_context).get_span_context().is_valid
        sampler = ALWAYS_OFF if is_root and kind is not SpanKind.SERVER else self.inner
        return sampler.should_sample(
            parent_context, trace_id, name, kind, attributes, links, trace_state
        )

    def get_description(self) -> str:
        """Return the name."""
        return f"RequestRootSampler{{{self.inner.get_description()}}}"


def make_sampler(settings: TracingSettings) -> Sampler:
    """Make the sampler that `OTEL_TRACES_SAMPLER` names."""
    name = settings.otel_traces_sampler.removeprefix("parentbased_")
    sampler = {
        "always_on": ALWAYS_ON,
        "always_off": ALWAYS_OFF,
        "traceidratio": TraceIdRatioBased(settings.otel_traces_sampler_arg),
    }[name]
    parent_based = name != settings.otel_traces_sampler
    return RequestRootSampler(ParentBased(sampler) if parent_based else sampler)


def make_provider(settings: TracingSettings) -> TracerProvider:
    """Make a provider that exports spans in the background, with a short timeout."""
    resource = Resource.create(
        {
            "service.name": settings.otel_service_name,
            "service.version": PROJECT.version,
            "deployment.environment.name": Settings.load().environment,
        }
    )
    provider = TracerProvider(sampler=make_sampler(settings), resource=resource)
    exporter = OTLPSpanExporter(settings.endpoint, timeout=EXPORT_TIMEOUT_SECONDS)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def shut_down(provider: TracerProvider) -> None:
    """Export the queued spans, within the timeout of one batch."""
    # A daemon thread does not keep the process from ending.
    thread = Thread(target=provider.shutdown, name="traces", daemon=True)
    thread.start()
    thread.join(EXPORT_TIMEOUT_SECONDS + 1)


class RequestSpanMiddleware:
    """Runs inside of the span that FastAPI starts for each request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Set the request id on the span, and the trace id on the log lines."""
        span = get_current_span()
        if span.is_recording():
            span.set_attribute("request_id", scope["state"]["request_id"])
            if scope.get("query_string"):
                span.set_attribute("url.query", "")  # it may hold secrets
            bind_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id))
        await self.app(scope, receive, send)


# A span for each SQL statement, without its parameters: they are personal data.
@event.listens_for(Engine, "before_cursor_execute")
def _start_span(
    _conn: Any, _cursor: Any, statement: str, _params: Any, context: Any, *_: Any
) -> None:
    if context is None:
        return
    dialect = context.dialect.name
    span = tracer.start_span(
        f"{statement.split(maxsplit=1)[0].upper()} {dialect}",
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": dialect, "db.query.text": statement},
    )
    context.execution_options = context.execution_options.union({SPAN_OPTION: span})


@event.listens_for(Engine, "after_cursor_execute")
def _end_span(
    _conn: Any, _cursor: Any, _statement: str, _params: Any, context: Any, *_: Any
) -> None:
    _span_of(context).end()


@event.listens_for(Engine, "handle_error")
def _end_failed_span(context: ExceptionContext) -> None:
    span = _span_of(context.execution_context)
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(context.original_exception).__name__)
    span.end()


def _span_of(context: Any) -> Span:
    return getattr(context, "execution_options", {}).get(SPAN_OPTION, trace.INVALID_SPAN)
