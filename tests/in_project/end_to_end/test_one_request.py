"""A request id and a trace appear in logs, spans, jobs and outgoing calls."""

from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
from fastapi import FastAPI

from tests.http_client.upstream import Answer, Upstream
from tests.jobs.factories import JOBS
from tests.problems import assert_problem
from tests.processes import serving
from tests.receiver import receiving
from tests.redis.servers import RedisServer
from tests.tracing import collector as traces
from tests.workers.conftest import WaitFor, broker, wait_for
from tests.workers.worker_process import running_worker

__all__ = ["broker", "wait_for"]  # fixtures of their folder

ID = "r-2026"
TRACE, CALLER = "3af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
MINE = {"traceparent": f"00-{TRACE}-{CALLER}-01", "X-Request-ID": ID}
RATES = "/api/v1/rates"
# The request, its statements, its questions to Redis, its call, and the job's.
STEPS = {
    f"POST {JOBS}",
    "INSERT postgresql",
    "EVALSHA",
    "publish jobs.run",
    "run jobs.run",
    "UPDATE postgresql",
    f"GET {RATES}",
    "GET",
}


async def test_one_id_and_one_trace_lead_through_everything(
    app: FastAPI,
    broker: RedisServer,
    credentials: dict[str, str],
    upstream: Upstream,
    wait_for: WaitFor,
    tmp_path: Path,
) -> None:
    upstream.script = lambda _: Answer(status=500)
    (tmp_path / "service").mkdir()
    with receiving() as collector:
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "RATES_URL": upstream.url,
            "REDIS_URL": broker.url,
        }
        with (
            serving(tmp_path / "service", **settings) as service,
            running_worker(tmp_path / "worker", broker.url, **settings) as worker,
        ):
            headers = credentials | MINE
            body = {"type": "items.export"}
            job = httpx2.post(f"{service.url}{JOBS}", json=body, headers=headers).json()["id"]
            failed = httpx2.get(f"{service.url}{RATES}?base=EUR", headers=headers)
            await wait_for(UUID(job), status="succeeded")
            spans = traces.wait_for(collector, complete)
            logged, worked = mine(service.lines()), mine(worker.lines())

    assert {(line["path"], line["status"]) for line in logged if "path" in line} == {
        (JOBS, 202),
        (RATES, 502),
    }
    assert assert_problem(failed, 502, failed.json()["code"])["request_id"] == ID
    assert {"job_started", "job_succeeded"} <= {line["event"] for line in worked}
    assert {line["trace_id"] for line in logged + worked} == {TRACE}
    assert {asked.headers["x-request-id"] for asked in upstream.asked} == {ID}
    assert {asked.headers["traceparent"].split("-")[1] for asked in upstream.asked} == {TRACE}
    assert {span.name for span in spans if not span.parent} == set()


def complete(spans: list[traces.Span]) -> bool:
    """Return whether every span is there, with its parent."""
    found = [span for span in spans if span.trace == TRACE]
    known = {span.id for span in found} | {CALLER}
    return {span.name for span in found} >= STEPS and {span.parent for span in found} <= known


def mine(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if line.get("request_id") == ID]
