"""A call to another service is in the trace of the request."""

import os
from pathlib import Path

import httpx2
import pytest
from opentelemetry.sdk.trace import TracerProvider

from app.core.config import ROOT
from app.observability.tracing.feature import redact_url
from tests.http_client.routes import CALL
from tests.http_client.upstream import Upstream
from tests.processes import serving
from tests.receiver import receiving
from tests.tracing.collector import Span, wait_for

TRACE, CALLER = "2af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "r-11"}
PATH = os.pathsep.join(map(str, (ROOT, Path(__file__).parent / "process")))
SECRET = "hunter2"


@pytest.mark.process
def test_the_trace_is_propagated(upstream: Upstream, tmp_path: Path) -> None:
    with receiving() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "PYTHONPATH": PATH,
            "CALLED_URL": upstream.url.replace("//", f"//us:{SECRET}@") + f"?key={SECRET}",
        }
        with serving(tmp_path, **settings) as service:
            httpx2.get(f"{service.url}{CALL}", headers=PARENT)
            spans = wait_for(collector, lambda spans: {"GET", f"GET {CALL}"} <= set(named(spans)))

    call, request = (named(spans)[name] for name in ("GET", f"GET {CALL}"))
    assert (request.parent, call.parent) == (CALLER, request.id)
    assert call.attributes["http.url"] == upstream.url
    assert not any(SECRET in value for span in spans for value in span.attributes.values())
    assert upstream.asked[0].query["key"] == [SECRET]
    headers = upstream.asked[0].headers
    assert headers["traceparent"] == f"00-{TRACE}-{call.id}-01"
    assert headers["x-request-id"] == "r-11"


def named(spans: list[Span]) -> dict[str, Span]:
    return {span.name: span for span in spans if span.trace == TRACE}


def test_the_url_of_a_call_has_no_secrets() -> None:
    spans, url = TracerProvider().get_tracer(__name__), f"https://u:{SECRET}@x.io:8/a?k={SECRET}#b"
    found = {}
    for name in ("http.url", "url.full"):
        span = spans.start_span("GET", attributes={name: url})
        redact_url(span, None)
        found |= getattr(span, "attributes", {})

    assert found == {"http.url": "https://x.io:8/a", "url.full": "https://x.io:8/a"}
