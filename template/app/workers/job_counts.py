"""What the metrics tell of jobs: from the table, so that every process says the same."""

import asyncio
import time
from collections import Counter
from collections.abc import Iterable

import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.feature import Feature
from app.core.job import KINDS
from app.repositories.job_counts import JobCountsRepository

# Counting reads the whole table, so it is done seldom; but less often than scrapes come would make
# counts jump back when another process answers the next one.
KEPT_SECONDS = 5.0
PATIENCE_SECONDS = 1.0
ENDS = ("succeeded", "failed", "cancelled")

log = structlog.get_logger(__name__)


class JobSurvey:
    """Counts jobs, and remembers the result for a moment."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.lock = asyncio.Lock()
        self.counted_at = 0.0
        self.present: Counter[tuple[str, str]] = Counter()
        self.ever: Counter[tuple[str, str]] = Counter()

    async def __call__(self) -> Iterable[object]:
        """Tell the counts; nothing while the database does not answer."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        async with self.lock:
            if time.monotonic() - self.counted_at > KEPT_SECONDS and not await self._count():
                return []
        depth = sum(n for (_, status), n in self.present.items() if status == "queued")
        total = CounterMetricFamily(
            "jobs", "Jobs accepted (queued), and how they ended", labels=["type", "status"]
        )
        for key in sorted(self.ever):
            total.add_metric(key, self.ever[key])
        return [total, GaugeMetricFamily("jobs_queue_depth", "Jobs that wait", value=depth)]

    async def _count(self) -> bool:
        engine: AsyncEngine = self.app.state.database.probe  # it has no queue to wait in
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), AsyncSession(engine) as session:
                counts = JobCountsRepository(session)
                self.present = await counts.present()
                self.ever = ever(self.present + await counts.deleted())
        except Exception as error:
            log.warning("jobs_not_counted", error=type(error).__name__)
            return False
        self.counted_at = time.monotonic()
        return True


def ever(jobs: Counter[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Count what never decreases: how many jobs were accepted, and how many ended how."""
    counts = Counter({(kind, status): 0 for kind in KINDS for status in ("queued", *ENDS)})
    for (kind, status), number in jobs.items():
        counts[kind, "queued"] += number
        if status in ENDS:
            counts[kind, status] += number
    return counts


def _setup(app: FastAPI) -> None:
    app.state.metrics.surveys.append(JobSurvey(app))


job_metrics = Feature(name="job_metrics", setup=_setup)
