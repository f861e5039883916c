"""Spans of Celery messages and tasks, in the trace of the request."""

from contextlib import ExitStack
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from opentelemetry import context, propagate, trace
from opentelemetry.trace import SpanKind, StatusCode, format_trace_id
from structlog.contextvars import bind_contextvars

STACK_ATTRIBUTE = "trace_stack"

tracer = trace.get_tracer(__name__)


@before_task_publish.connect(weak=False)
def _start_producer_span(sender: str, headers: dict[str, Any], **_: Any) -> None:
    with tracer.start_as_current_span(f"publish {sender}", kind=SpanKind.PRODUCER):
        propagate.inject(headers)


@task_prerun.connect(weak=False)
def _start_consumer_span(task: Any, **_: Any) -> None:
    headers = propagate.get_global_textmap().fields  # of a trace context (W3C Trace Context)
    sent = {name: getattr(task.request, name, None) for name in headers}
    parent = propagate.extract({name: value for name, value in sent.items() if value})
    stack = ExitStack()
    stack.callback(context.detach, context.attach(parent))
    running = tracer.start_as_current_span(f"run {task.name}", kind=SpanKind.CONSUMER)
    span = stack.enter_context(running)
    if span.is_recording():
        bind_contextvars(trace_id=format_trace_id(span.get_span_context().trace_id))
    setattr(task.request, STACK_ATTRIBUTE, stack)


@task_postrun.connect(weak=False)
def _end_consumer_span(task: Any, state: str | None = None, **_: Any) -> None:
    if stack := getattr(task.request, STACK_ATTRIBUTE, None):
        if state != "SUCCESS":
            trace.get_current_span().set_status(StatusCode.ERROR)
        stack.close()
