"""Attempts at jobs: progress, leases, cancelling and timeouts while one runs."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.job import Job
from app.workers import runner as module
from app.workers.runner import JobRunner
from tests.processes import TIMEOUT_SECONDS
from tests.transactions import failing_commits
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.inline import RecordingDispatcher, settings
from tests.workers.scripted_job import Gate, effects, outputs

AN_HOUR_AGO = timedelta(hours=-1)


@pytest.fixture(autouse=True)
def short_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew leases often."""
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.05)


async def test_progress_is_stored_while_the_job_runs(
    script: MakeScript, runner: JobRunner, wait_for: WaitFor, gate: Gate
) -> None:
    job = await script(gate.payload)

    running = asyncio.create_task(runner.run(job.id))

    await wait_for(job.id, status="running", progress=50)
    gate.open()
    await running
    await wait_for(job.id, status="succeeded", progress=100)


async def test_a_running_job_is_cancelled(
    script: MakeScript, runner: JobRunner, wait_for: WaitFor, session: AsyncSession
) -> None:
    job = await script({"seconds": 30})
    running = asyncio.create_task(runner.run(job.id))
    await wait_for(job.id, status="running")

    await session.execute(update(Job).values(cancel_requested=True))
    await asyncio.wait_for(running, 20)

    await session.refresh(job)
    assert (job.status, job.error) == ("cancelled", None)
    assert (await effects(session), await outputs(session)) == ([], [])


async def test_a_lease_is_renewed_while_the_job_runs(
    script: MakeScript,
    runner: JobRunner,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
) -> None:
    job = await script(gate.payload)
    running = asyncio.create_task(runner.run(job.id))
    claimed = (await wait_for(job.id, status="running")).due_at
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (await wait_for(job.id, status="running")).due_at == claimed:
            pass

    await runner.run(job.id)  # a second worker tries it
    gate.open()
    await running

    await session.refresh(job)
    assert (job.status, job.attempts) == ("succeeded", 1)


async def expire_lease(session: AsyncSession) -> None:
    """Leave the job as a second attempt does that has died."""
    # Without the attempt, the first might renew its lease before the next begins.
    await session.execute(update(Job).values(attempts=2, due_at=utc_now() + AN_HOUR_AGO))


async def test_an_attempt_that_lost_its_lease_stops(
    script: MakeScript, runner: JobRunner, wait_for: WaitFor, session: AsyncSession, gate: Gate
) -> None:
    job = await script(gate.payload)
    slow = asyncio.create_task(runner.run(job.id))
    await wait_for(job.id, status="running")

    await expire_lease(session)
    await asyncio.wait_for(slow, TIMEOUT_SECONDS)  # the gate is closed

    await session.refresh(job)
    assert (job.status, job.attempts, await effects(session)) == ("running", 2, [])


async def test_an_attempt_that_lost_its_lease_changes_nothing(
    script: MakeScript,
    runner: JobRunner,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 60)  # the runner learns of it only at the end
    job = await script(gate.payload)
    slow = asyncio.create_task(runner.run(job.id))
    await wait_for(job.id, status="running")

    await expire_lease(session)
    third = asyncio.create_task(runner.run(job.id))
    await wait_for(job.id, status="running", attempts=3)
    gate.open()
    await asyncio.gather(slow, third)

    await session.refresh(job)
    assert (job.status, job.attempts, job.result) == ("succeeded", 3, {"attempt": 3})
    assert await effects(session) == ["effect 3"]
    assert await outputs(session) == [3]


async def test_an_attempt_that_takes_too_long_is_stopped(
    database: Database, dispatcher: RecordingDispatcher, script: MakeScript, session: AsyncSession
) -> None:
    runner = JobRunner(database, settings(job_timeout_seconds=0.1), dispatcher)
    job = await script({"seconds": 30})

    await asyncio.wait_for(runner.run(job.id), 20)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("queued", 1)


async def test_without_the_commit_there_is_neither_effect_nor_success(
    script: MakeScript,
    runner: JobRunner,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
) -> None:
    job = await script(gate.payload)
    running = asyncio.create_task(runner.run(job.id))
    await wait_for(job.id, status="running")

    with failing_commits(runner.database.engine):
        gate.open()
        with pytest.raises(Exception, match="COMMIT"):
            await running

    await session.refresh(job)
    assert (job.status, await effects(session)) == ("running", [])
