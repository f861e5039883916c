"""A collector of traces."""

from collections.abc import Callable
from dataclasses import dataclass

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.receiver import Receiver


@dataclass(frozen=True, slots=True)
class Span:
    """A span, as far as the tests look at it. Ids are in hexadecimal."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, str]


def spans(receiver: Receiver) -> list[Span]:
    """All spans that have come."""
    found = []
    for request in list(receiver.requests):
        assert request.path == "/v1/traces"
        export = ExportTraceServiceRequest.FromString(request.body)
        for resource in export.resource_spans:
            for scope in resource.scope_spans:
                found += [
                    Span(
                        name=span.name,
                        kind=span.kind,
                        trace=span.trace_id.hex(),
                        id=span.span_id.hex(),
                        parent=span.parent_span_id.hex(),
                        attributes={it.key: it.value.string_value for it in span.attributes},
                    )
                    for span in scope.spans
                ]
    return found


def wait_for(receiver: Receiver, condition: Callable[[list[Span]], bool]) -> list[Span]:
    """Wait until the spans that are needed have come."""
    receiver.wait(lambda _: condition(spans(receiver)))
    return spans(receiver)
