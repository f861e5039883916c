"""A span for each statement. The parameters, which are people's data, are not in it."""

from typing import Any

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, StatusCode
from sqlalchemy import Engine, ExceptionContext, event

KEY = "span"

tracer = trace.get_tracer(__name__)


@event.listens_for(Engine, "before_cursor_execute")
def _begin(_conn: Any, _cursor: Any, statement: str, _params: Any, context: Any, *_: Any) -> None:
    if context is None:
        return
    dialect = context.dialect.name
    span = tracer.start_span(
        f"{statement.split(maxsplit=1)[0].upper()} {dialect}",
        kind=SpanKind.CLIENT,
        attributes={"db.system.name": dialect, "db.query.text": statement},
    )
    context.execution_options = context.execution_options.union({KEY: span})


@event.listens_for(Engine, "after_cursor_execute")
def _end(_conn: Any, _cursor: Any, _statement: str, _params: Any, context: Any, *_: Any) -> None:
    _take(context).end()


@event.listens_for(Engine, "handle_error")
def _fail(context: ExceptionContext) -> None:
    span = _take(context.execution_context)
    span.set_status(StatusCode.ERROR)
    span.set_attribute("error.type", type(context.original_exception).__name__)
    span.end()


def _take(context: Any) -> Span:
    return getattr(context, "execution_options", {}).get(KEY, trace.INVALID_SPAN)
