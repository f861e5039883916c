"""What is counted of jobs: from the table, where they are."""

from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.job import Job
from app.repositories.job_queue import JobQueueRepository
from app.workers import job_counts
from tests.databases import lost
from tests.metrics.scrape import scrape

EXPORT = "items.export"
ENDED = utc_now() - timedelta(days=90)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count at every scrape."""
    monkeypatch.setattr(job_counts, "KEPT_SECONDS", -1.0)


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


async def test_while_the_database_is_away_the_rest_is_told(
    app: FastAPI, anonymous: AsyncClient, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from sqlalchemy.ext.asyncio import create_async_engine

    from app.core.database_url import parse_database_url

    survey = job_counts.JobSurvey(app)
    healthy = app.state.database
    url = parse_database_url(lost(tmp_path_factory.mktemp("lost")))

    class Broken:
        probe = create_async_engine(url)

    app.state.database = Broken
    told = await survey()
    app.state.database = healthy

    assert told == []
    assert "jobs_queue_depth" in (await scrape(anonymous)).names()


async def test_the_table_is_not_read_at_every_scrape(
    anonymous: AsyncClient, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scrape(anonymous)
    monkeypatch.setattr(job_counts, "KEPT_SECONDS", 60.0)

    before = await scrape(anonymous)
    await add(session, "queued")
    after = await scrape(anonymous)

    assert after.value("jobs_queue_depth") == before.value("jobs_queue_depth")
