"""Workers publish the changes of jobs to the owners' connections at the servers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.job import Job
from app.models.user import User
from app.workers import tasks
from app.workers.runner import JobRunner
from app.workers.tasks import close_runtime
from tests.jobs.factories import CREATE, JOBS, make_job
from tests.redis.servers import RedisServer
from tests.websocket.clients import Client
from tests.websocket.conftest import Join
from tests.workers.inline import RecordingDispatcher, settings
from tests.workers.scripted_job import SCRIPT

pytestmark = pytest.mark.usefixtures("generous_timeouts")


@pytest.fixture
async def owner(join: Join, user: User) -> Client:
    """A connection of the user, subscribed to the private channel."""
    client = await join(user)
    await client.subscribe(f"user:{user.id}")
    return client


async def in_worker(task: Callable[..., Any], *arguments: str) -> None:
    """Run a task as a worker does: in a thread without an event loop, from start to shutdown."""

    def work() -> None:
        task(*arguments)
        close_runtime()

    await asyncio.to_thread(work)


async def job_messages(owner: Client, number: int) -> list[dict[str, Any]]:
    """Return the data of the next messages."""
    return [(await owner.receive())["data"] for _ in range(number)]


async def test_the_owner_receives_each_status_of_a_job(
    owner: Client, user_client: AsyncClient
) -> None:
    created = (await user_client.post(JOBS, json=CREATE)).json()
    await in_worker(tasks.run, created["id"])
    messages = await job_messages(owner, 3)

    assert [(message["event"], message["job"]["status"]) for message in messages] == [
        ("job.created", "queued"),
        ("job.updated", "running"),
        ("job.updated", "succeeded"),
    ]
    done = (await user_client.get(f"{JOBS}/{created['id']}")).json()
    assert messages[0]["job"] == created
    assert messages[-1]["job"] == done


async def test_the_owner_receives_that_a_job_is_cancelled_or_has_failed(
    owner: Client, user: User, user_client: AsyncClient, session: AsyncSession
) -> None:
    cancelled = await make_job(session, owner_id=user.id)
    failing = await make_job(session, owner_id=user.id, type="unknown")
    given_up = await make_job(session, owner_id=user.id, attempts=1000)

    await user_client.post(f"{JOBS}/{cancelled.id}/cancel")
    await in_worker(tasks.run, str(failing.id))
    await in_worker(tasks.sweep)
    messages = await job_messages(owner, 4)

    assert [(message["job"]["id"], message["job"]["status"]) for message in messages] == [
        (str(cancelled.id), "cancelled"),
        (str(failing.id), "running"),
        (str(failing.id), "failed"),
        (str(given_up.id), "failed"),
    ]


async def test_the_owner_receives_progress_and_retries(
    app: FastAPI, owner: Client, user: User, session: AsyncSession
) -> None:
    script: dict[str, Any] = {"type": SCRIPT, "owner_id": user.id}
    slow = await make_job(session, payload={"seconds": 3}, **script)
    failing = await make_job(session, payload={"end": "crash"}, **script)
    hurry = settings(job_lease_seconds=0.5, job_retry_seconds=60)
    runner = JobRunner(app.state.database, hurry, RecordingDispatcher(), app.state.events)

    await runner.run(slow.id)
    await runner.run(failing.id)
    messages = [frame["data"]["job"] for frame in await owner.waiting()]

    first = [job["progress"] for job in messages if job["id"] == str(slow.id)]
    assert first == sorted(set(first))
    assert len(first) >= 4
    second = [job["status"] for job in messages if job["id"] == str(failing.id)]
    assert second == ["running", "queued"]


async def test_changes_of_a_job_reach_no_other_user(owner: Client, session: AsyncSession) -> None:
    job: Job = await make_job(session)

    await in_worker(tasks.run, str(job.id))

    assert await owner.waiting() == []


async def test_a_worker_works_without_redis(
    session: AsyncSession,
    user: User,
    redis_server: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    redis_server.stop()

    for url in ("", redis_server.url):
        monkeypatch.setenv("REDIS_URL", url)
        job = await make_job(session, owner_id=user.id)
        await in_worker(tasks.run, str(job.id))
        await session.refresh(job)
        assert job.status == "succeeded"
