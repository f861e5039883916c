"""Attempts at jobs: what may happen while one runs."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.job import Job
from app.workers import execution
from app.workers.execution import Execution
from tests.transactions import failing_commits
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.inline import Notes, settings
from tests.workers.kinds import effects, pieces

AN_HOUR_AGO = timedelta(hours=-1)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after running jobs often."""
    monkeypatch.setattr(execution, "PULSE_SECONDS", 0.05)


async def test_progress_is_told_while_the_job_runs(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 1})

    running = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")
    while job.progress == 0:
        await session.refresh(job)
        await asyncio.sleep(0.02)
    seen, status = job.progress, job.status
    await running

    assert 0 < seen < 100
    assert status == "running"


async def test_a_running_job_is_cancelled(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 30})
    running = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    await session.execute(update(Job).values(cancel_requested=True))
    await asyncio.wait_for(running, 5)

    await session.refresh(job)
    assert (job.status, job.error) == ("cancelled", None)
    assert (await effects(session), await pieces(session)) == ([], [])


async def test_a_lease_is_renewed_while_the_job_runs(
    database: Database, notes: Notes, script: MakeScript, session: AsyncSession
) -> None:
    executor = Execution(database, settings(job_lease_seconds=0.5), notes)
    job = await script({"seconds": 1.5})
    running = asyncio.create_task(executor.run(job.id))
    await asyncio.sleep(1)

    await executor.run(job.id)  # somebody else tries meanwhile
    await running

    await session.refresh(job)
    assert (job.status, job.attempts) == ("succeeded", 1)


async def test_who_was_taken_for_dead_changes_nothing(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 0.6})
    slow = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    await session.execute(update(Job).values(due_at=utc_now() + AN_HOUR_AGO))
    await asyncio.gather(slow, executor.run(job.id))

    await session.refresh(job)
    assert (job.status, job.attempts, job.result) == ("succeeded", 2, {"attempt": 2})
    assert await effects(session) == ["effect 2"]
    assert await pieces(session) == [2]


async def test_an_attempt_that_takes_too_long_is_stopped(
    database: Database, notes: Notes, script: MakeScript, session: AsyncSession
) -> None:
    executor = Execution(database, settings(job_timeout_seconds=0.1), notes)
    job = await script({"seconds": 30})

    await asyncio.wait_for(executor.run(job.id), 5)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("queued", 1)


async def test_without_the_commit_there_is_neither_effect_nor_success(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 0.2})
    running = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    with failing_commits(executor.database.engine), pytest.raises(Exception, match="COMMIT"):
        await running

    await session.refresh(job)
    assert (job.status, await effects(session)) == ("running", [])
