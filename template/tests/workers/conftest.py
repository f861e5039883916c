"""What the tests of the workers share."""

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
from app.workers.execution import Execution
from tests.processes import PATIENCE_SECONDS
from tests.redis.servers import RedisServer
from tests.workers.inline import Notes, settings
from tests.workers.kinds import SCRIPT, Gate
from tests.workers.live import Worker, working

MakeScript = Callable[..., Awaitable[Job]]
WaitFor = Callable[..., Awaitable[Job]]


@pytest.fixture
def notes() -> Notes:
    """A queue that only notes what is announced."""
    return Notes()


@pytest.fixture
def executor(database: Database, notes: Notes) -> Execution:
    """What runs jobs."""
    return Execution(database, settings(), notes)


@pytest.fixture
def script(session: AsyncSession) -> MakeScript:
    """Add a job that does what the test wants."""

    async def make(payload: dict[str, Any] | None = None, **fields: Any) -> Job:
        job = Job(type=SCRIPT, payload=payload or {}, **fields)
        session.add(job)
        await session.commit()
        return job

    return make


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Let a job wait: `await script(gate.payload)`, and later `gate.open()`."""
    return Gate(tmp_path / "open")


@pytest.fixture
def wait_for(session: AsyncSession) -> WaitFor:
    """Wait until a job is as it should be: `await wait_for(id, status="running")`."""

    async def wait(id: UUID, *, seconds: float = PATIENCE_SECONDS, **fields: Any) -> Job:
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
    """A Redis of the module's own, to be stopped and started again."""
    server = RedisServer.start(tmp_path_factory.mktemp("broker"))
    yield server
    server.stop()


@pytest.fixture(scope="module")
def worker(
    app: FastAPI, broker: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Worker]:
    """One worker for all tests of the module."""
    with working(tmp_path_factory.mktemp("worker"), broker.url) as worker:
        yield worker
