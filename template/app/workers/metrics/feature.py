"""The feature `job_metrics`: counts of jobs, and the port on which Prometheus scrapes a worker.

Jobs are counted in their table, so all processes report the same.
"""

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from socket import AF_INET6
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any, TypeAlias
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import structlog
from celery import signals
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Port, Settings
from app.core.feature import Feature
from app.core.job import JOB_TYPES
from app.core.metrics import record_with
from app.core.state import FastAPI
from app.models.job import Job, JobTotals
from app.observability.metrics.feature import MetricsSettings, unauthorized
from app.observability.metrics.multiprocess import use_directory

HEADERS = [("Content-Type", "text/plain; version=0.0.4; charset=utf-8")]
QUERY_TIMEOUT_SECONDS = 1.0
IDLE_TIMEOUT_SECONDS = 5.0
FINAL_STATUSES = ("succeeded", "failed", "cancelled")

# By type and status.
Counts: TypeAlias = Counter[tuple[str, str]]

log = structlog.get_logger(__name__)


class WorkerMetricsSettings(MetricsSettings):
    """The workers' port, at `HOST`; without it they are not scraped. `METRICS_TOKEN` guards it."""

    worker_metrics_port: Port | None = None


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """Answers in threads, so that an idle connection delays no scrape."""

    daemon_threads = True


class DualStackServer(ThreadingServer):
    """Listens on an IPv6 address; on `::` for IPv4 as well."""

    address_family = AF_INET6


class QuietHandler(WSGIRequestHandler):
    """Logs no requests, and closes idle connections."""

    timeout = IDLE_TIMEOUT_SECONDS

    def handle(self) -> None:
        """Answer one request, if it is received in time."""
        with suppress(TimeoutError):
            super().handle()

    def log_message(self, format: str, *args: Any) -> None:
        """Scrapes are not worth a line."""


def open_server(host: str, port: int, app: Callable[..., Iterable[bytes]]) -> WSGIServer:
    """Listen, or raise `OSError`."""
    server_class = DualStackServer if ":" in host else ThreadingServer
    return make_server(host, port, app, server_class, QuietHandler)


@signals.celeryd_init.connect(weak=False)
def _share_directory(**_: Any) -> None:
    """Set the directory in which the processes, forked later, share their metrics."""
    if WorkerMetricsSettings.load().worker_metrics_port:
        use_directory(os.getpid())


@signals.worker_ready.connect(weak=False)
def _listen(**_: Any) -> None:
    """Serve scrapes from a thread. If the port is taken, the worker runs without."""
    settings = WorkerMetricsSettings.load()
    if not settings.worker_metrics_port:
        return
    host, port = Settings.load().host, settings.worker_metrics_port
    try:
        server = open_server(host, port, metrics_app(settings))
    except OSError as error:
        log.error("worker_metrics_unavailable", port=port, error=type(error).__name__)
        return
    Thread(target=server.serve_forever, name="metrics", daemon=True).start()


def metrics_app(settings: MetricsSettings) -> Callable[..., Iterable[bytes]]:
    """Make the WSGI app: all metrics, for requests with the token."""
    from app.observability.metrics import definitions
    from app.observability.metrics.endpoint import process_metrics

    record_with(definitions.define)

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        authorization = environ.get("HTTP_AUTHORIZATION", "")
        if not settings.admits(authorization):
            headers = unauthorized(authorization).response_headers
            start_response("401 Unauthorized", list(headers.items()))
            return []
        start_response("200 OK", list(HEADERS))  # the server adds to the list
        return [definitions.render(process_metrics(os.getpid()))]

    return app


class JobCollector:
    """Counts jobs at every scrape: 100,000 of them in a twentieth of a second.

    While the database does not answer, it reports what this process has counted last.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.lock = asyncio.Lock()
        self.last: Counts | None = None

    async def __call__(self) -> Iterable[Any]:
        """Collect `jobs_total` and `jobs_queue_depth`; nothing before the first count."""
        async with self.lock:
            await self._count()
        return [] if self.last is None else self.describe()

    def describe(self) -> Sequence[Any]:
        """Return both metrics with the values of the last count, for docs/reference.md too."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        last = self.last or Counter()
        depth = sum(n for (_, status), n in last.items() if status == "queued")
        total = CounterMetricFamily(
            "jobs", "Jobs accepted (queued), and how they ended", labels=["type", "status"]
        )
        for key, number in sorted(cumulative(last).items()):
            total.add_metric(key, number)
        return [total, GaugeMetricFamily("jobs_queue_depth", "Jobs that wait", value=depth)]

    async def _count(self) -> None:
        engine = self.app.state.database.health_engine  # it has no pool to wait for
        try:
            async with asyncio.timeout(QUERY_TIMEOUT_SECONDS), AsyncSession(engine) as session:
                self.last = await count_jobs(session)
        except Exception as error:
            log.warning("jobs_not_counted", error=type(error).__name__)


async def count_jobs(session: AsyncSession) -> Counts:
    """Count the jobs by type and status, purged ones included.

    In one statement: a job that is purged in between would count twice, or not at all.
    """
    kept = select(Job.type, Job.status, func.count().label("number"))
    purged = select(JobTotals.type, JobTotals.status, JobTotals.count)
    counts: Counts = Counter()
    rows = await session.execute(kept.group_by(Job.type, Job.status).union_all(purged))
    for job_type, status, number in rows:
        counts[job_type, status] += number
    return counts


def cumulative(jobs: Counts) -> Counts:
    """Count what never decreases: how many jobs were accepted, and how many ended how."""
    statuses = ("queued", *FINAL_STATUSES)
    counts = Counter({(job_type, status): 0 for job_type in JOB_TYPES for status in statuses})
    for (job_type, status), number in jobs.items():
        counts[job_type, "queued"] += number
        if status in FINAL_STATUSES:
            counts[job_type, status] += number
    return counts


def _setup(app: FastAPI) -> None:
    app.state.metrics.collectors.append(JobCollector(app))


job_metrics = Feature(name="job_metrics", after=("metrics",), setup=_setup)
