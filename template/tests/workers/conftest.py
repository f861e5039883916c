"""Fixtures of the tests of the workers."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from app.models.job import Job
from app.workers.runner import JobRunner
from tests.processes import TIMEOUT_SECONDS
from tests.redis.servers import RedisServer
from tests.workers.inline import RecordingDispatcher, settings
from tests.workers.scripted_job import SCRIPT, Gate
from tests.workers.worker_process import Worker, running_worker

MakeScript = Callable[..., Awaitable[Job]]
WaitFor = Callable[..., Awaitable[Job]]


@pytest.fixture
def dispatcher() -> RecordingDispatcher:
    """A dispatcher that sends nothing."""
    return RecordingDispatcher()


@pytest.fixture
def runner(database: Database, dispatcher: RecordingDispatcher) -> JobRunner:
    """A runner of jobs, in this process."""
    return JobRunner(database, settings(), dispatcher)


@pytest.fixture
def script(session: AsyncSession) -> MakeScript:
    """Add a scripted job: see tests/workers/scripted_job.py."""

    async def make(payload: dict[str, Any] | None = None, **fields: Any) -> Job:
        job = Job(type=SCRIPT, payload=payload or {}, **fields)
        session.add(job)
        await session.commit()
        return job

    return make


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Pause a job: `await script(gate.payload)`, and later `gate.open()`."""
    return Gate(tmp_path / "open")


@pytest.fixture
def wait_for(session: AsyncSession) -> WaitFor:
    """Wait until a job has these values: `await wait_for(id, status="running")`."""

    async def wait(id: UUID, *, seconds: float = TIMEOUT_SECONDS, **fields: Any) -> Job:
        deadline = time.monotonic() + seconds
        while True:
            job = await session.get(Job, id, populate_existing=True)
            assert job is not None
            found = {name: getattr(job, name) for name in fields}
            if found == fields:
                return job
            assert time.monotonic() < deadline, found
            await asyncio.sleep(0.02)

    return wait


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Generator[RedisServer]:
    """A Redis for one module, which may be stopped and restarted."""
    server = RedisServer.start(tmp_path_factory.mktemp("broker"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def worker(
    app: FastAPI, broker: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Worker]:
    """One worker for all tests of the module."""
    with running_worker(tmp_path_factory.mktemp("worker"), broker.url) as worker:
        yield worker
