"""Workers that are told to stop."""

import asyncio
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import MakeClient
from tests.jobs.factories import EXPORT, JOBS
from tests.redis.servers import RedisServer
from tests.workers.live import Worker, working

pytestmark = pytest.mark.process

# What a message, or a signal, takes to arrive.
ARRIVAL_SECONDS = 0.5


@contextmanager
def suspended(worker: Worker) -> Generator[None]:
    """Let the processes that do the worker's tasks take none."""
    with ExitStack() as stack:
        for child in psutil.Process(worker.process.pid).children():
            child.suspend()
            stack.callback(child.resume)
        yield


async def test_a_message_that_comes_with_the_stop_does_not_hold_it_up(
    make_client: MakeClient, broker: RedisServer, tmp_path: Path
) -> None:
    client = await make_client(REDIS_URL=broker.url)

    with working(tmp_path, broker.url) as worker, suspended(worker):
        await client.post(JOBS, json=EXPORT)
        await asyncio.sleep(ARRIVAL_SECONDS)
        worker.process.terminate()
        await asyncio.sleep(ARRIVAL_SECONDS)

    assert worker.process.returncode == 0  # in the seconds that `working` allows
