"""A job belongs to the trace of the request that asked for it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import copy_context
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import httpx2
import pytest
from celery.signals import task_postrun, task_prerun
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from app.core.config import ROOT
from app.observability.tracing import celery as tracing
from tests.jobs.factories import CREATE, JOBS
from tests.processes import Service, serving
from tests.receiver import Receiver, receiving
from tests.redis.servers import RedisServer
from tests.tracing import collector as traces
from tests.workers.conftest import WaitFor
from tests.workers.worker_process import Worker, running_worker

pytestmark = pytest.mark.process

TRACE, CALLER = "1af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "r-9"}

PATH = os.pathsep.join(map(str, (ROOT, Path(__file__).parent / "process")))
NAMES = {"publish jobs.run", "run jobs.run", "UPDATE sqlite", "UPDATE postgresql"}


@contextmanager
def traced(folder: Path, redis_url: str) -> Generator[tuple[Receiver, Service, Worker]]:
    """Run a collector, and a service and a worker that send it their spans."""
    (folder / "service").mkdir()
    with receiving() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "REDIS_URL": redis_url,
        }
        with (
            serving(folder / "service", PYTHONPATH=PATH, **settings) as service,
            running_worker(folder / "worker", redis_url, **settings) as worker,
        ):
            yield collector, service, worker


async def test_one_trace_spans_the_request_and_its_job(
    app: FastAPI,
    broker: RedisServer,
    credentials: dict[str, str],
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    with traced(tmp_path, broker.url) as (collector, service, worker):
        asked = httpx2.post(f"{service.url}{JOBS}", json=CREATE, headers=credentials | PARENT)
        await wait_for(UUID(asked.json()["id"]), status="succeeded")
        spans = traces.wait_for(
            collector,
            lambda spans: len(NAMES & {it.name for it in spans if it.trace == TRACE}) == 3,
        )
        lines = worker.lines()

    named = {span.name: span for span in spans if span.trace == TRACE}
    wanted = (f"POST {JOBS}", "publish jobs.run", "run jobs.run")
    request, published, run = (named[name] for name in wanted)
    assert (request.parent, published.parent, run.parent) == (CALLER, request.id, published.id)
    assert {span.trace for span in spans if not span.parent} == set()  # no sweep, no query alone
    started = next(line for line in lines if line["event"] == "job_started")
    assert (started["trace_id"], started["request_id"]) == (TRACE, "r-9")


@pytest.mark.parametrize(
    ("state", "status"), [("SUCCESS", StatusCode.UNSET), ("FAILURE", StatusCode.ERROR)]
)
def test_a_span_has_the_status_of_its_task(
    monkeypatch: pytest.MonkeyPatch, state: str, status: StatusCode
) -> None:
    ended, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(ended))
    monkeypatch.setattr(tracing, "tracer", provider.get_tracer(__name__))
    task = SimpleNamespace(name="jobs.run", request=SimpleNamespace())

    def run() -> None:
        task_prerun.send(None, task=task)
        task_postrun.send(None, task=task, state=state)

    copy_context().run(run)

    assert [(span.name, span.status.status_code) for span in ended.get_finished_spans()] == [
        ("run jobs.run", status)
    ]
