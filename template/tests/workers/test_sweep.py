"""Periodic tasks, and the health check of the workers."""

import asyncio
from datetime import timedelta
from pkgutil import iter_modules
from typing import Any

import pytest
from celery import Task
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.job import JOB_TYPES
from app.core.state import FastAPI
from app.db.base import utc_now
from app.models.job import Job, JobOutput, WorkerHeartbeat
from app.workers import handlers, tasks
from app.workers.celery_app import app as celery
from app.workers.feature import celery as feature
from app.workers.runner import JobRunner
from app.workers.settings import MAINTENANCE
from app.workers.tasks import purge_jobs, sweep_jobs
from tests.clients import connect
from tests.jobs.factories import NEVER, make_job
from tests.workers.conftest import MakeScript
from tests.workers.inline import RecordingDispatcher

NOW = timedelta()
LONG_AGO = timedelta(hours=-1)
LATER = timedelta(hours=1)


def at(due: timedelta, announced: timedelta | None) -> dict[str, Any]:
    return {
        "due_at": utc_now() + due,
        "announced_at": NEVER if announced is None else utc_now() + announced,
    }


async def test_lost_jobs_are_dispatched_again_and_no_others(
    runner: JobRunner, dispatcher: RecordingDispatcher, script: MakeScript
) -> None:
    undelivered = await script(**at(LONG_AGO, LONG_AGO))
    retried = await script(**at(NOW, None), attempts=1)
    orphaned = await script(**at(NOW, None), attempts=1, status="running")
    await script(**at(NOW, NOW))  # on its way
    await script(**at(LATER, None), attempts=1)  # to be retried later
    await script(**at(LATER, None), attempts=1, status="running")
    await script(due_at=NEVER, attempts=1, status="succeeded")

    await sweep_jobs(runner)

    assert set(dispatcher.dispatched) == {undelivered.id, retried.id, orphaned.id}


async def test_a_lost_job_is_not_dispatched_with_every_sweep(
    runner: JobRunner, dispatcher: RecordingDispatcher, script: MakeScript
) -> None:
    await script(**at(LONG_AGO, LONG_AGO))

    await sweep_jobs(runner)
    await sweep_jobs(runner)

    assert len(dispatcher.dispatched) == 1


async def test_a_sweep_dispatches_the_oldest_jobs_first(
    runner: JobRunner,
    dispatcher: RecordingDispatcher,
    script: MakeScript,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "SWEEP_BATCH_SIZE", 2)
    jobs = [await script(**at(timedelta(minutes=-age), LONG_AGO)) for age in (1, 3, 2)]

    await sweep_jobs(runner)

    assert set(dispatcher.dispatched) == {jobs[1].id, jobs[2].id}


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"attempts": 5}, "failed"), ({"attempts": 1, "cancel_requested": True}, "cancelled")],
)
async def test_an_exhausted_or_cancelled_job_without_a_worker_ends(
    fields: dict[str, Any],
    status: str,
    runner: JobRunner,
    dispatcher: RecordingDispatcher,
    script: MakeScript,
    session: AsyncSession,
) -> None:
    job = await script({"name": "secret"}, **at(NOW, None), status="running", **fields)

    await sweep_jobs(runner)

    await session.refresh(job)
    assert (job.status, job.due_at, job.payload, dispatcher.dispatched) == (status, None, {}, [])
    assert job.finished_at is not None
    assert bool(job.error) is (status == "failed")


async def test_old_jobs_are_purged_with_their_files(
    runner: JobRunner, session: AsyncSession
) -> None:
    for days in (29, 31, 31, 31):
        ended = utc_now() - timedelta(days=days)
        await make_job(session, file=["tea"], finished_at=ended, created_at=ended)
    waiting = await make_job(session, created_at=utc_now() - timedelta(days=99))

    await purge_jobs(runner)

    left = set(await session.scalars(select(Job.id)))
    assert waiting.id in left
    assert len(left) == 2
    assert await session.scalar(select(func.count()).select_from(JobOutput)) == 1


@pytest.mark.usefixtures("generous_health_checks")
async def test_a_sweep_is_a_heartbeat(
    runner: JobRunner, app: FastAPI, session: AsyncSession
) -> None:
    probe = feature.health_check(app)
    assert probe is not None

    before = await probe.run()
    await sweep_jobs(runner)
    after = await probe.run()
    a_minute_ago = utc_now() - timedelta(seconds=61)
    await session.execute(update(WorkerHeartbeat).values(seen_at=a_minute_ago))
    silent = await probe.run()

    assert [check.status for check in (before, after, silent)] == ["absent", "ok", "absent"]


@pytest.mark.usefixtures("generous_health_checks")
async def test_a_heartbeat_counts_until_three_sweeps_are_missing(
    app: FastAPI, runner: JobRunner, session: AsyncSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOB_SWEEP_SECONDS", "600")
    probe = feature.health_check(app)
    assert probe is not None
    await sweep_jobs(runner)

    statuses = []
    for minutes in (29, 31):
        seen_at = utc_now() - timedelta(minutes=minutes)
        await session.execute(update(WorkerHeartbeat).values(seen_at=seen_at))
        await session.commit()
        statuses.append((await probe.run()).status)

    assert statuses == ["ok", "absent"]


async def test_a_service_is_ready_without_workers(runner: JobRunner, app: FastAPI) -> None:
    async with connect(app) as client:
        body = (await client.get("/health/ready")).json()

    assert body["status"] == "ready"
    assert body["checks"]["celery"]["status"] == "absent"


async def test_workers_may_store_their_first_heartbeat_at_once(
    runner: JobRunner, session: AsyncSession
) -> None:
    await asyncio.gather(*(sweep_jobs(runner) for _ in range(8)))

    assert await session.scalar(select(func.count()).select_from(WorkerHeartbeat)) == 1


@pytest.mark.usefixtures("generous_health_checks")
async def test_a_running_job_counts_as_a_heartbeat(app: FastAPI, script: MakeScript) -> None:
    probe = feature.health_check(app)
    assert probe is not None
    await script(**at(LATER, None), attempts=1, status="running")

    assert (await probe.run()).status == "ok"


def test_beat_sends_existing_tasks_to_the_maintenance_queue() -> None:
    celery.loader.import_default_modules()  # some add periodic tasks
    entries = celery.conf.beat_schedule

    assert {entry["task"] for entry in entries.values()} >= {"jobs.sweep", "jobs.purge"}
    for entry in entries.values():
        assert entry["options"]["expires"] > 0
        queue = entry["options"].get("queue") or celery.conf.task_routes[entry["task"]]
        assert queue == MAINTENANCE
    assert entries["sweep"]["schedule"] == 5
    for task in (tasks.run, tasks.sweep, tasks.purge):
        assert isinstance(task, Task)
        assert celery.tasks[task.name] is not None
        assert not task.acks_late


def test_every_handler_is_registered() -> None:
    found = {one.handler.__module__ for one in JOB_TYPES.values()}

    assert found >= {f"{handlers.__name__}.{each.name}" for each in iter_modules(handlers.__path__)}
