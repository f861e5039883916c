"""Attempts at jobs: what becomes of them, whatever happens meanwhile."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.item import Item
from app.models.job import Job, JobOutput
from app.workers import execution
from app.workers.execution import FAILED, Execution
from tests.transactions import failing_commits
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.inline import Notes, settings

AN_HOUR_AGO = timedelta(hours=-1)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after running jobs often."""
    monkeypatch.setattr(execution, "PULSE_SECONDS", 0.05)


@pytest.fixture
def executor(database: Database, notes: Notes) -> Execution:
    """What runs jobs."""
    return Execution(database, settings(), notes)


async def effects(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(Item.name)))


async def pieces(session: AsyncSession) -> list[int]:
    return list(await session.scalars(select(JobOutput.attempt)))


async def test_the_effect_comes_with_the_success(
    script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script({"name": "tea"})

    await executor.run(job.id)

    await session.refresh(job)
    assert (job.status, job.progress, job.attempts) == ("succeeded", 100, 1)
    assert (job.result, job.error, job.due_at, job.payload) == ({"attempt": 1}, None, None, {})
    assert job.started_at is not None
    assert job.finished_at is not None
    assert await effects(session) == ["tea 1"]


async def test_of_many_workers_one_does_the_job(
    script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script()

    await asyncio.gather(*(executor.run(job.id) for _ in range(8)))

    await session.refresh(job)
    assert (job.attempts, await effects(session)) == (1, ["effect 1"])


async def test_a_job_is_not_begun_before_its_time(
    script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script(due_at=utc_now() + timedelta(hours=1))

    await executor.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("queued", 0)


async def test_a_job_that_fails_is_tried_again_and_then_given_up(
    script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script({"end": "crash"})

    for attempt in range(1, 5):
        await executor.run(job.id)
        await session.refresh(job)
        assert (job.status, job.attempts, job.announced_at) == ("queued", attempt, None)
    await executor.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts, job.error, job.due_at) == ("failed", 5, FAILED, None)
    assert (await effects(session), await pieces(session)) == ([], [])


async def test_retries_come_later_and_later_and_not_in_step(
    database: Database, notes: Notes, script: MakeScript, session: AsyncSession
) -> None:
    executor = Execution(database, settings(job_retry_seconds=60), notes)
    jobs = [await script({"end": "crash"}, attempts=done) for done in (0, 0, 3)]

    for job in jobs:
        await executor.run(job.id)
        await session.refresh(job)

    delays = [(job.due_at - utc_now()).total_seconds() for job in jobs if job.due_at]
    assert 29 < delays[0] < 91
    assert 29 < delays[1] < 91
    assert delays[0] != pytest.approx(delays[1], abs=0.05)
    assert 239 < delays[2] < 721


async def test_a_job_that_cannot_be_done_fails_at_once_and_says_why(
    script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script({"end": "refuse"})

    await executor.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts, job.error) == ("failed", 1, "There is nothing to do.")


@pytest.mark.parametrize("fields", [{"type": "gone"}, {"payload": {"unknown": 1}}])
async def test_a_job_of_an_older_version_fails_at_once(
    fields: dict[str, Any], script: MakeScript, executor: Execution, session: AsyncSession
) -> None:
    job = await script()
    await session.execute(update(Job).values(fields))

    await executor.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("failed", 1)
    assert "any more" in (job.error or "")


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
