"""One request is one trace."""

import subprocess
import sys
import time
from collections.abc import Generator
from pathlib import Path

import httpx2
import pytest
from opentelemetry.trace import SpanKind

from app.core.config import Settings
from app.core.settings import SettingsError
from app.observability.tracing.feature import TracingSettings
from app.observability.tracing.provider import make_provider, shut_down
from tests.processes import Service, environment, serving
from tests.receiver import Receiver, receiving
from tests.tracing.collector import Span, spans, wait_for

pytestmark = pytest.mark.process

TRACE, CALLER = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
SECRET = "hunter2"
# Less than the minute for which the collector is silent.
LATEST_SECONDS = 30
HURRY = {"OTEL_BSP_SCHEDULE_DELAY": "100"}


@pytest.fixture(scope="module")
def collector() -> Generator[Receiver]:
    """A collector for all tests here."""
    with receiving() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def service(collector: Receiver, tmp_path_factory: pytest.TempPathFactory) -> Generator[Service]:
    """A service that is traced."""
    settings = HURRY | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url}
    with serving(tmp_path_factory.mktemp("service"), **settings) as service:
        yield service


def of_trace(collector: Receiver, trace: str, names: set[str]) -> dict[str, Span]:
    found = wait_for(
        collector, lambda spans: names <= {span.name for span in spans if span.trace == trace}
    )
    return {span.name: span for span in found if span.trace == trace}


def test_the_trace_of_the_client_continues_to_the_database(
    service: Service, collector: Receiver, credentials: dict[str, str]
) -> None:
    backend = Settings.load().database_url.get_backend_name()

    headers = credentials | PARENT | {"X-Request-ID": "r-7"}
    httpx2.get(f"{service.url}/api/v1/specimens?q={SECRET}", headers=headers)

    names = {"GET /api/v1/specimens", f"SELECT {backend}"}
    trace = of_trace(collector, TRACE, names)
    request, query = trace["GET /api/v1/specimens"], trace[f"SELECT {backend}"]
    assert (request.parent, query.parent) == (CALLER, request.id)
    assert request.attributes["request_id"] == "r-7"
    assert "specimens" in query.attributes["db.query.text"]
    assert SECRET not in str(spans(collector))
    [line] = [line for line in service.lines() if line.get("request_id") == "r-7"]
    assert line["trace_id"] == TRACE


def test_health_checks_and_scrapes_are_not_traced(service: Service, collector: Receiver) -> None:
    for path in ("/health", "/health/ready", "/metrics"):
        httpx2.get(f"{service.url}{path}")
    last = "a" * 32
    httpx2.get(f"{service.url}/last", headers={"traceparent": f"00-{last}-{CALLER}-01"})

    wait_for(collector, lambda spans: any(span.trace == last for span in spans))
    roots = [span for span in spans(collector) if not span.parent]
    assert [span.name for span in roots if span.kind != 2 or "health" in span.name] == []


def test_a_silent_collector_delays_no_request(tmp_path: Path) -> None:
    with receiving() as receiver:
        receiver.speaking.clear()
        with serving(tmp_path, **HURRY, OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url) as service:
            for _ in range(20):
                answer = httpx2.get(f"{service.url}/nothing", timeout=LATEST_SECONDS)
                assert answer.status_code == 404
            service.stop()
            assert service.process.wait(LATEST_SECONDS) == 0


def test_a_silent_collector_delays_the_shutdown_briefly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with receiving() as receiver:
        receiver.speaking.clear()
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        provider = make_provider(TracingSettings.load())
        for _ in range(2000):  # several batches
            provider.get_tracer("test").start_span("request", kind=SpanKind.SERVER).end()
        began = time.monotonic()

        shut_down(provider)

    assert time.monotonic() - began < LATEST_SECONDS


def test_without_a_collector_nothing_is_loaded(tmp_path: Path) -> None:
    code = "import sys, app.main; "
    code += "print([name for name in sys.modules if 'opentelemetry.exporter' in name])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", SECRET),
        ("OTEL_TRACES_SAMPLER", SECRET),
        ("OTEL_TRACES_SAMPLER_ARG", "2"),
    ],
)
def test_an_invalid_setting_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=f"^{name}: "):
        TracingSettings.load()
