"""Sampling."""

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import SpanKind

from app.observability.tracing.feature import TracingSettings
from app.observability.tracing.provider import make_sampler


def kept(monkeypatch: pytest.MonkeyPatch, sampler: str, share: str = "1.0") -> int:
    """How many of a hundred requests are traced."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", sampler)
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", share)
    tracer = TracerProvider(sampler=make_sampler(TracingSettings.load())).get_tracer("test")
    spans = [tracer.start_span("GET", kind=SpanKind.SERVER) for _ in range(100)]
    return sum(span.is_recording() for span in spans)


@pytest.mark.parametrize(
    ("sampler", "share", "number"),
    [
        ("always_on", "0.0", 100),
        ("always_off", "1.0", 0),
        ("parentbased_always_on", "0.0", 100),
        ("parentbased_always_off", "1.0", 0),
        ("traceidratio", "0.0", 0),
        ("parentbased_traceidratio", "1.0", 100),
    ],
)
def test_the_sampler_has_its_usual_name(
    monkeypatch: pytest.MonkeyPatch, sampler: str, share: str, number: int
) -> None:
    assert kept(monkeypatch, sampler, share) == number


def test_a_ratio_is_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 10 < kept(monkeypatch, "parentbased_traceidratio", "0.5") < 90


def test_only_a_request_starts_a_trace() -> None:
    tracer = TracerProvider(sampler=make_sampler(TracingSettings.load())).get_tracer("test")

    query = tracer.start_span("SELECT", kind=SpanKind.CLIENT)
    with tracer.start_as_current_span("GET", kind=SpanKind.SERVER):
        within = tracer.start_span("SELECT", kind=SpanKind.CLIENT)

    assert (query.is_recording(), within.is_recording()) == (False, True)
