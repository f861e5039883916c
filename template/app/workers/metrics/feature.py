"""The feature `job_metrics`: jobs are counted in their table, so all processes report the same."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import structlog
from fastapi import FastAPI
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

import app.workers.metrics.server  # noqa: F401  (connects the receivers of Celery's signals)
from app.core.feature import Feature
from app.core.job import JOB_TYPES
from app.models.job import Job, JobTotals

QUERY_TIMEOUT_SECONDS = 1.0
FINAL_STATUSES = ("succeeded", "failed", "cancelled")

# By type and status.
Counts: TypeAlias = Counter[tuple[str, str]]

log = structlog.get_logger(__name__)


class JobCollector:
    """Counts jobs at every scrape: 100,000 of them in a twentieth of a second.

    While the database does not answer, it reports what this process has counted last.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.lock = asyncio.Lock()
        self.last: Counts | None = None

    async def __call__(self) -> Iterable[object]:
        """Collect `jobs_total` and `jobs_queue_depth`; nothing before the first count."""
        async with self.lock:
            await self._count()
        return [] if self.last is None else self.describe()

    def describe(self) -> Sequence[object]:
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
        engine: AsyncEngine = self.app.state.database.health_engine  # it has no pool to wait for
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
