"""Attempts at jobs: how they begin and end."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.db.session import Database
from app.models.job import Job
from app.workers.runner import EXHAUSTED, JobRunner
from tests.workers.conftest import MakeScript
from tests.workers.inline import RecordingDispatcher, settings
from tests.workers.scripted_job import effects, outputs


async def test_the_effect_is_committed_with_the_success(
    script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script({"name": "tea"})

    await runner.run(job.id)

    await session.refresh(job)
    assert (job.status, job.progress, job.attempts) == ("succeeded", 100, 1)
    assert (job.result, job.error, job.due_at, job.payload) == ({"attempt": 1}, None, None, {})
    assert job.started_at is not None
    assert job.finished_at is not None
    assert await effects(session) == ["tea 1"]


async def test_of_many_workers_one_runs_the_job(
    script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script()

    await asyncio.gather(*(runner.run(job.id) for _ in range(8)))

    await session.refresh(job)
    assert (job.attempts, await effects(session)) == (1, ["effect 1"])


async def test_a_job_is_not_claimed_before_it_is_due(
    script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script(due_at=utc_now() + timedelta(hours=1))

    await runner.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("queued", 0)


async def test_a_job_that_fails_is_retried_and_then_failed(
    script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script({"end": "crash"})

    for attempt in range(1, 5):
        await runner.run(job.id)
        await session.refresh(job)
        assert (job.status, job.attempts, job.announced_at) == ("queued", attempt, None)
    await runner.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts, job.error, job.due_at) == ("failed", 5, EXHAUSTED, None)
    assert (await effects(session), await outputs(session)) == ([], [])


async def test_retries_back_off_with_jitter(
    database: Database, dispatcher: RecordingDispatcher, script: MakeScript, session: AsyncSession
) -> None:
    runner = JobRunner(database, settings(job_retry_seconds=60), dispatcher)
    delays: list[timedelta] = []

    for attempts in (3, *[0] * 8):
        job = await script({"end": "crash"}, attempts=attempts)
        backoff = timedelta(seconds=60 * 2**attempts)
        started = utc_now()
        await runner.run(job.id)
        ended = utc_now()
        await session.refresh(job)
        assert job.due_at is not None
        assert started + backoff / 2 <= job.due_at <= ended + backoff * 1.5
        delays.append(job.due_at - ended)

    assert max(delays[1:]) - min(delays[1:]) > timedelta(seconds=5)  # of 60


async def test_a_job_that_cannot_succeed_fails_at_once_with_its_reason(
    script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script({"end": "refuse"})

    await runner.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts, job.error) == ("failed", 1, "There is nothing to do.")


@pytest.mark.parametrize("fields", [{"type": "gone"}, {"payload": {"unknown": 1}}])
async def test_a_job_of_an_older_version_fails_at_once(
    fields: dict[str, Any], script: MakeScript, runner: JobRunner, session: AsyncSession
) -> None:
    job = await script()
    await session.execute(update(Job).values(fields))

    await runner.run(job.id)

    await session.refresh(job)
    assert (job.status, job.attempts) == ("failed", 1)
    assert "any more" in (job.error or "")
