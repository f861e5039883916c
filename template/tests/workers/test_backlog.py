"""The sweep while the broker has messages, or does not answer, and of jobs without a worker."""

from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import JobOutput, WorkerHeartbeat
from app.workers.runner import JobRunner
from app.workers.tasks import sweep_jobs
from tests.jobs.factories import make_job
from tests.workers.conftest import MakeScript
from tests.workers.inline import RecordingDispatcher
from tests.workers.test_sweep import LONG_AGO, NOW, at


async def test_a_backlog_is_not_dispatched_again_but_new_attempts_are(
    runner: JobRunner, dispatcher: RecordingDispatcher, script: MakeScript
) -> None:
    for _ in range(3):
        await script(**at(LONG_AGO, LONG_AGO))
    retried = await script(**at(NOW, None), attempts=1)
    orphaned = await script(**at(NOW, None), attempts=1, status="running")
    dispatcher.messages = 3

    await sweep_jobs(runner)

    assert set(dispatcher.dispatched) == {retried.id, orphaned.id}


async def test_only_as_many_jobs_as_have_no_message_are_dispatched_again(
    runner: JobRunner, dispatcher: RecordingDispatcher, script: MakeScript
) -> None:
    jobs = [await script(**at(timedelta(minutes=-age), LONG_AGO)) for age in (1, 3, 2)]
    await script(**at(NOW, NOW))
    dispatcher.messages = 3

    await sweep_jobs(runner)

    assert dispatcher.dispatched == [jobs[1].id]


async def test_without_an_answer_of_the_broker_jobs_wait_for_the_next_sweep(
    runner: JobRunner, dispatcher: RecordingDispatcher, script: MakeScript, session: AsyncSession
) -> None:
    retried = await script(**at(NOW, None), attempts=1)
    dispatcher.messages = None
    await sweep_jobs(runner)
    heartbeats = await session.scalar(select(func.count()).select_from(WorkerHeartbeat))
    dispatcher.messages = 0

    await sweep_jobs(runner)

    assert heartbeats == 1
    assert dispatcher.dispatched == [retried.id]


async def test_what_an_exhausted_job_has_written_is_deleted(
    runner: JobRunner, session: AsyncSession
) -> None:
    await make_job(session, file=["tea"])
    unfinished = {**at(NOW, None), "status": "running", "attempts": 5}
    exhausted = await make_job(session, file=["tea"], **unfinished)

    await sweep_jobs(runner)

    left = list(await session.scalars(select(JobOutput.job_id)))
    assert len(left) == 1
    assert exhausted.id not in left
