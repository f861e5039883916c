"""Real workers on a real Redis, also when they are killed."""

import asyncio
import os
import signal
import time
from pathlib import Path
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job, JobOutput
from app.services.job import enqueue, job_row
from app.workers.feature import CeleryDispatcher
from tests.conftest import MakeApp, MakeClient
from tests.jobs.factories import CREATE, JOBS, NEVER
from tests.jobs.report_job import LINES, REPORT
from tests.processes import TIMEOUT_SECONDS
from tests.redis.servers import RedisServer
from tests.workers.conftest import MakeScript, WaitFor
from tests.workers.inline import settings
from tests.workers.scripted_job import Gate, effects
from tests.workers.worker_process import Worker, running_worker

pytestmark = pytest.mark.process


async def pid_of(job: Job, session: AsyncSession, wait_for: WaitFor) -> int:
    """The process that runs a job."""
    await wait_for(job.id, status="running")
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (pid := await session.scalar(select(JobOutput.data))) is None:
            pass
    return int(pid)


async def test_an_export_is_written_and_downloaded(
    make_client: MakeClient,
    broker: RedisServer,
    worker: Worker,
    session: AsyncSession,
    wait_for: WaitFor,
) -> None:
    client = await make_client(REDIS_URL=broker.url)

    asked = await client.post(JOBS, json=CREATE, headers={"X-Request-ID": "report-7"})
    job = await wait_for(UUID(asked.json()["id"]), status="succeeded")

    assert job.result is not None
    file = await client.get(job.result["href"])
    assert (job.result["rows"], job.progress, job.attempts) == (1, 100, 1)
    assert file.text == "".join(LINES)
    lines = [line for line in worker.lines() if line.get("job_id") == str(job.id)]
    assert [line["event"] for line in lines] == ["job_started", "job_succeeded"]
    assert {line["request_id"] for line in lines} == {"report-7"}


async def test_a_poisoned_job_fails_after_five_attempts_and_others_succeed(
    worker: Worker, script: MakeScript, wait_for: WaitFor, session: AsyncSession
) -> None:
    poison = await script({"end": "crash"}, announced_at=NEVER)
    good = [await script({"name": f"good {number}"}, announced_at=NEVER) for number in range(3)]

    for job in good:
        await wait_for(job.id, status="succeeded")
    failed = await wait_for(poison.id, status="failed")

    assert failed.attempts == 5
    assert "secret" not in (failed.error or "")
    assert sorted(await effects(session)) == ["good 0 1", "good 1 1", "good 2 1"]


async def test_a_job_whose_process_is_killed_has_its_effect_once(
    worker: Worker,
    script: MakeScript,
    wait_for: WaitFor,
    session: AsyncSession,
    gate: Gate,
) -> None:
    job = await script(gate.payload, announced_at=NEVER)
    pid = await pid_of(job, session, wait_for)

    os.kill(pid, signal.SIGKILL)
    gate.open()
    done = await wait_for(job.id, status="succeeded")

    assert (done.attempts, await effects(session)) == (2, ["effect 2"])


async def test_jobs_survive_a_redis_that_loses_everything(
    make_client: MakeClient, broker: RedisServer, worker: Worker, wait_for: WaitFor
) -> None:
    client = await make_client(REDIS_URL=broker.url)
    broker.stop()

    started = time.monotonic()
    asked = await client.post(JOBS, json=CREATE)
    seconds = time.monotonic() - started
    broker.restart()

    assert (asked.status_code, seconds < 10) == (202, True)  # Celery would wait for 19
    await wait_for(UUID(asked.json()["id"]), status="succeeded")


async def test_a_transaction_that_is_rolled_back_leaves_no_job(
    make_app: MakeApp, broker: RedisServer, session: AsyncSession
) -> None:
    app = await make_app(REDIS_URL=broker.url)
    dispatcher: CeleryDispatcher = app.state.job_queue

    async with app.state.database.transactions() as session_rolled_back:
        await enqueue(session_rolled_back, dispatcher, [job_row(REPORT, {})])
        await session_rolled_back.rollback()

    assert (await session.scalars(select(Job))).all() == []
    assert dispatcher.thread.queue.empty()


def test_a_worker_without_a_broker_is_refused(tmp_path: Path, app: FastAPI) -> None:
    without = running_worker(tmp_path, "", app="app.workers.celery_app")

    with pytest.raises(AssertionError, match="CELERY_BROKER_URL"):
        without.__enter__()


def test_settings_of_the_tests_are_those_of_the_service() -> None:
    assert settings().job_max_attempts == 5
    assert settings().job_lease_seconds == 30


# The last test of the module: it kills the worker of the others.
async def test_the_job_of_a_killed_worker_is_run_by_the_next_which_finishes_it_on_sigterm(
    broker: RedisServer,
    worker: Worker,
    script: MakeScript,
    wait_for: WaitFor,
    session: AsyncSession,
    tmp_path: Path,
    gate: Gate,
) -> None:
    job = await script(gate.payload | {"seconds": 2}, announced_at=NEVER)
    await pid_of(job, session, wait_for)

    worker.kill()
    with running_worker(tmp_path, broker.url) as second:
        await wait_for(job.id, status="running", attempts=2)
        gate.open()  # it still takes a second

    assert second.process.returncode == 0
    assert "job_succeeded" in second.events()  # JSON to the last line
    assert (await wait_for(job.id, status="succeeded")).attempts == 2
    assert await effects(session) == ["effect 2"]
