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
from tests.processes import PATIENCE_SECONDS
from tests.transactions import failing_commits
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.inline import Notes, settings
from tests.workers.kinds import Gate, effects, pieces

AN_HOUR_AGO = timedelta(hours=-1)


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look after running jobs often."""
    monkeypatch.setattr(execution, "PULSE_SECONDS", 0.05)


async def test_progress_is_told_while_the_job_runs(
    script: MakeScript, executor: Execution, wait_for: WaitFor, gate: Gate
) -> None:
    job = await script(gate.payload)

    running = asyncio.create_task(executor.run(job.id))

    await wait_for(job.id, status="running", progress=50)
    gate.open()
    await running
    await wait_for(job.id, status="succeeded", progress=100)


async def test_a_running_job_is_cancelled(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 30})
    running = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    await session.execute(update(Job).values(cancel_requested=True))
    await asyncio.wait_for(running, 20)

    await session.refresh(job)
    assert (job.status, job.error) == ("cancelled", None)
    assert (await effects(session), await pieces(session)) == ([], [])


async def test_a_lease_is_renewed_while_the_job_runs(
    script: MakeScript,
    executor: Execution,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
) -> None:
    job = await script(gate.payload)
    running = asyncio.create_task(executor.run(job.id))
    claimed = (await wait_for(job.id, status="running")).due_at
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await wait_for(job.id, status="running")).due_at == claimed:
            pass

    await executor.run(job.id)  # somebody else tries meanwhile
    gate.open()
    await running

    await session.refresh(job)
    assert (job.status, job.attempts) == ("succeeded", 1)


async def lose(session: AsyncSession) -> None:
    """Let the job be due as a second attempt leaves it that has died."""
    # Without the attempt, the first might renew its lease before the next begins.
    await session.execute(update(Job).values(attempts=2, due_at=utc_now() + AN_HOUR_AGO))


async def test_who_was_taken_for_dead_stops(
    script: MakeScript, executor: Execution, wait_for: WaitFor, session: AsyncSession, gate: Gate
) -> None:
    job = await script(gate.payload)
    slow = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    await lose(session)
    await asyncio.wait_for(slow, PATIENCE_SECONDS)  # the gate is closed

    await session.refresh(job)
    assert (job.status, job.attempts, await effects(session)) == ("running", 2, [])


async def test_who_was_taken_for_dead_changes_nothing(
    script: MakeScript,
    executor: Execution,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(execution, "PULSE_SECONDS", 60)  # it notices in the end only
    job = await script(gate.payload)
    slow = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    await lose(session)
    third = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running", attempts=3)
    gate.open()
    await asyncio.gather(slow, third)

    await session.refresh(job)
    assert (job.status, job.attempts, job.result) == ("succeeded", 3, {"attempt": 3})
    assert await effects(session) == ["effect 3"]
    assert await pieces(session) == [3]


async def test_an_attempt_that_takes_too_long_is_stopped(
    database: Database, notes: Notes, script: MakeScript, session: AsyncSession
) -> None:
    executor = Execution(database, settings(job_timeout_seconds=0.1), notes)
    job = await script({"seconds": 30})

    await asyncio.wait_for(executor.run(job.id), 20)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("queued", 1)


async def test_without_the_commit_there_is_neither_effect_nor_success(
    script: MakeScript,
    executor: Execution,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
) -> None:
    job = await script(gate.payload)
    running = asyncio.create_task(executor.run(job.id))
    await wait_for(job.id, status="running")

    with failing_commits(executor.database.engine):
        gate.open()
        with pytest.raises(Exception, match="COMMIT"):
            await running

    await session.refresh(job)
    assert (job.status, await effects(session)) == ("running", [])
