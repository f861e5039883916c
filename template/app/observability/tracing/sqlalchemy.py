"""A span for each SQL statement, without its parameters: they are personal data."""

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import Engine, ExceptionContext, event

SPAN_OPTION = "span"

tracer = trace.get_tracer(__name__)


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
