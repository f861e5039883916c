"""A job belongs to the trace of the request that asked for it."""

from pathlib import Path
from uuid import UUID

import httpx2
from fastapi import FastAPI

from tests.jobs.factories import EXPORT, JOBS
from tests.processes import serving
from tests.receiver import receiving
from tests.redis.servers import RedisServer
from tests.tracing import collector as traces
from tests.workers.conftest import WaitFor
from tests.workers.live import working

TRACE, CALLER = "1af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PARENT = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": "r-9"}


async def test_one_trace_spans_the_request_and_its_job(
    app: FastAPI,
    broker: RedisServer,
    credentials: dict[str, str],
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    (tmp_path / "service").mkdir()
    with receiving() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "REDIS_URL": broker.url,
        }
        with (
            serving(tmp_path / "service", **settings) as service,
            working(tmp_path / "worker", broker.url, **settings) as worker,
        ):
            asked = httpx2.post(f"{service.url}{JOBS}", json=EXPORT, headers=credentials | PARENT)
            await wait_for(UUID(asked.json()["id"]), status="succeeded")
            names = {"publish jobs.run", "run jobs.run", "UPDATE sqlite", "UPDATE postgresql"}
            spans = traces.wait_for(
                collector,
                lambda spans: len(names & {it.name for it in spans if it.trace == TRACE}) == 3,
            )
            lines = worker.lines()

    named = {span.name: span for span in spans if span.trace == TRACE}
    request, published, run = (
        named[name] for name in (f"POST {JOBS}", "publish jobs.run", "run jobs.run")
    )
    assert (request.parent, published.parent, run.parent) == (CALLER, request.id, published.id)
    assert {span.trace for span in spans if not span.parent} == set()  # no sweep, no query alone
    started = next(line for line in lines if line["event"] == "job_started")
    assert (started["trace_id"], started["request_id"]) == (TRACE, "r-9")
