"""What the metrics tell of jobs: from the table, so that every process says the same."""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TypeAlias

import structlog
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core.feature import Feature
from app.core.job import KINDS
from app.observability.metrics.multiprocess import DIRECTORY_VARIABLE
from app.repositories.job_counts import JobCountsRepository

PATIENCE_SECONDS = 1.0
ENDS = ("succeeded", "failed", "cancelled")
SHARED = "jobs"

# By type and status.
Counts: TypeAlias = Counter[tuple[str, str]]

log = structlog.get_logger(__name__)


class JobSurvey:
    """Counts jobs at every scrape: of 100,000 it takes a twentieth of a second.

    While the database does not answer, all processes tell what one of them has counted last. A
    count that goes back, even from one process to the next, would look like a restart.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.lock = asyncio.Lock()
        self.known: Counts | None = None

    async def __call__(self) -> Iterable[object]:
        """Tell the counts; nothing if there have never been any."""
        from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily

        async with self.lock:
            counts = await self._count()
        if counts is None:
            return []
        depth = sum(n for (_, status), n in counts.items() if status == "queued")
        total = CounterMetricFamily(
            "jobs", "Jobs accepted (queued), and how they ended", labels=["type", "status"]
        )
        for key, number in sorted(ever(counts).items()):
            total.add_metric(key, number)
        return [total, GaugeMetricFamily("jobs_queue_depth", "Jobs that wait", value=depth)]

    async def _count(self) -> Counts | None:
        engine: AsyncEngine = self.app.state.database.probe  # it has no queue to wait in
        try:
            async with asyncio.timeout(PATIENCE_SECONDS), AsyncSession(engine) as session:
                self.known = await JobCountsRepository(session).by_kind()
        except Exception as error:
            log.warning("jobs_not_counted", error=type(error).__name__)
            return recall() or self.known
        remember(self.known)
        return self.known


def remember(counts: Counts) -> None:
    """Leave the counts where the other processes share theirs, if there are others."""
    if folder := os.environ.get(DIRECTORY_VARIABLE):
        partial = Path(folder, f"jobs-{os.getpid()}")
        with suppress(OSError):  # a full disk is no reason to tell nothing
            partial.write_text(json.dumps([(*key, number) for key, number in counts.items()]))
            partial.replace(Path(folder, SHARED))


def recall() -> Counts | None:
    """What any of the processes has left."""
    with suppress(OSError):
        if folder := os.environ.get(DIRECTORY_VARIABLE):
            rows = json.loads(Path(folder, SHARED).read_text())
            return Counter({(kind, status): number for kind, status, number in rows})
    return None


def ever(jobs: Counts) -> Counts:
    """Count what never decreases: how many jobs were accepted, and how many ended how."""
    counts = Counter({(kind, status): 0 for kind in KINDS for status in ("queued", *ENDS)})
    for (kind, status), number in jobs.items():
        counts[kind, "queued"] += number
        if status in ENDS:
            counts[kind, status] += number
    return counts


def _setup(app: FastAPI) -> None:
    app.state.metrics.surveys.append(JobSurvey(app))


job_metrics = Feature(name="job_metrics", after=("metrics",), setup=_setup)
