"""The metrics of jobs: from their table."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core.database_url import parse_database_url
from app.db.base import utc_now
from app.db.connection import engine_arguments
from app.db.session import Database
from app.models.job import Job
from app.observability.metrics.multiprocess import DIRECTORY_VARIABLE
from app.repositories.job_queue import JobQueueRepository
from app.workers import job_counts
from tests.databases import lost
from tests.metrics.scrape import scrape

EXPORT = "items.export"
ENDED = utc_now() - timedelta(days=90)


async def add(session: AsyncSession, *statuses: str) -> None:
    for status in statuses:
        ended = None if status in {"queued", "running"} else ENDED
        session.add(Job(type=EXPORT, payload={}, status=status, finished_at=ended))
    await session.commit()


async def test_jobs_are_counted_by_type_and_how_they_ended(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    await add(session, "queued", "queued", "running", "succeeded", "failed")

    samples = await scrape(anonymous)

    assert samples.value("jobs_queue_depth") == 2
    numbers = {"queued": 5, "succeeded": 1, "failed": 1, "cancelled": 0}
    for status, number in numbers.items():
        assert samples.value("jobs_total", type=EXPORT, status=status) == number
    assert ("jobs_total", (("status", "cancelled"), ("type", EXPORT))) in samples


async def test_no_count_goes_back_when_old_jobs_are_deleted(
    anonymous: AsyncClient, session: AsyncSession, database: Database
) -> None:
    totals = []
    for _ in range(2):
        await add(session, "succeeded", "succeeded", "cancelled")
        before = await scrape(anonymous)
        async with database.transactions.begin() as purging:
            assert await JobQueueRepository(purging).purge(utc_now()) == 3
        after = await scrape(anonymous)
        totals.append(after.value("jobs_total", type=EXPORT, status="succeeded"))
        assert {k: v for k, v in after.items() if k[0] == "jobs_total"} == {
            k: v for k, v in before.items() if k[0] == "jobs_total"
        }

    assert totals == [2, 4]


async def test_no_count_goes_back_from_one_process_to_the_next(
    app: FastAPI, session: AsyncSession
) -> None:
    processes = [job_counts.JobSurvey(app), job_counts.JobSurvey(app)]
    numbers = []
    for process in (*processes, *processes):
        await add(session, "queued")
        numbers.append(accepted_jobs(await process()))

    assert numbers == [1, 2, 3, 4]


@pytest.mark.parametrize("shared", [True, False])
async def test_while_the_database_is_down_the_last_counts_are_exposed(
    app: FastAPI,
    session: AsyncSession,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    shared: bool,
) -> None:
    monkeypatch.setenv(DIRECTORY_VARIABLE, str(tmp_path) if shared else "")
    first, second, third = [job_counts.JobSurvey(app) for _ in range(3)]
    for process in (first, second):
        await add(session, "queued")
        await process()

    silent = FastAPI()
    engine = create_async_engine(**engine_arguments(parse_database_url(lost(tmp_path))))
    silent.state.database = SimpleNamespace(probe=engine)

    numbers = []
    for process in (first, second, third):
        process.app = silent
        numbers.append(accepted_jobs(await process()))

    assert numbers == ([2, 2, 2] if shared else [1, 2, None])


def accepted_jobs(families: Iterable[Any]) -> float | None:
    """The number of jobs that were accepted, if it is exposed."""
    samples = [sample for family in families for sample in family.samples]
    queued = {"type": EXPORT, "status": "queued"}
    return next((sample.value for sample in samples if sample.labels == queued), None)
