"""Jobs are counted in their table."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from app.core.database_url import parse_database_url
from app.core.state import FastAPI
from app.db.base import utc_now
from app.db.engine import engine_arguments
from app.db.session import Database
from app.models.job import Job
from app.repositories.job import JobRepository
from app.workers.metrics import feature
from app.workers.metrics.feature import JobCollector
from tests.databases import lost
from tests.metrics.scrape import scrape

REPORT = "test.report"
ENDED = utc_now() - timedelta(days=90)


@pytest.fixture(autouse=True)
def generous_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a count take a minute, as the machine may be busy."""
    monkeypatch.setattr(feature, "QUERY_TIMEOUT_SECONDS", 60)


async def add(session: AsyncSession, *statuses: str) -> None:
    for status in statuses:
        ended = None if status in {"queued", "running"} else ENDED
        session.add(Job(type=REPORT, payload={}, status=status, finished_at=ended))
    await session.commit()


async def test_jobs_are_counted_by_type_and_how_they_ended(
    anonymous: AsyncClient, session: AsyncSession
) -> None:
    await add(session, "queued", "queued", "running", "succeeded", "failed")

    samples = await scrape(anonymous)

    assert samples.value("jobs_queue_depth") == 2
    numbers = {"queued": 5, "succeeded": 1, "failed": 1, "cancelled": 0}
    for status, number in numbers.items():
        assert samples.value("jobs_total", type=REPORT, status=status) == number
    assert ("jobs_total", (("status", "cancelled"), ("type", REPORT))) in samples


async def test_no_count_goes_back_when_old_jobs_are_deleted(
    anonymous: AsyncClient, session: AsyncSession, database: Database
) -> None:
    totals = []
    for _ in range(2):
        await add(session, "succeeded", "succeeded", "cancelled")
        before = await scrape(anonymous)
        async with database.transactions.begin() as purging:
            assert await JobRepository(purging).purge(utc_now()) == 3
        after = await scrape(anonymous)
        totals.append(after.value("jobs_total", type=REPORT, status="succeeded"))
        assert {k: v for k, v in after.items() if k[0] == "jobs_total"} == {
            k: v for k, v in before.items() if k[0] == "jobs_total"
        }

    assert totals == [2, 4]


async def test_no_count_goes_back_from_one_process_to_the_next(
    app: FastAPI, session: AsyncSession
) -> None:
    processes = [JobCollector(app), JobCollector(app)]
    numbers = []
    for process in (*processes, *processes):
        await add(session, "queued")
        numbers.append(accepted(await process()))

    assert numbers == [1, 2, 3, 4]


async def test_while_the_database_is_away_the_last_counts_are_reported(
    app: FastAPI, session: AsyncSession, tmp_path: Path
) -> None:
    counting, new = JobCollector(app), JobCollector(app)
    await add(session, "queued")
    await counting()

    silent: Any = FastAPI()
    engine = create_async_engine(**engine_arguments(parse_database_url(lost(tmp_path))))
    silent.state.database = SimpleNamespace(health_engine=engine)

    numbers = []
    for collector in (counting, new):
        collector.app = silent
        numbers.append(accepted(await collector()))

    assert numbers == [1, None]


def accepted(families: Iterable[Any]) -> float | None:
    """The number of accepted jobs, if it is reported."""
    samples = [sample for family in families for sample in family.samples]
    queued = {"type": REPORT, "status": "queued"}
    return next((sample.value for sample in samples if sample.labels == queued), None)
