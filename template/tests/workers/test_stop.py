"""Workers that get SIGTERM."""

import asyncio
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.conftest import MakeClient
from tests.jobs.factories import CREATE, JOBS
from tests.redis.servers import RedisServer
from tests.workers.worker_process import Worker, running_worker

pytestmark = pytest.mark.process

# Time for a message, or a signal, to arrive.
ARRIVAL_SECONDS = 0.5


@contextmanager
def suspended(worker: Worker) -> Generator[None]:
    """Suspend the worker's child processes, which run its tasks."""
    with ExitStack() as stack:
        for child in psutil.Process(worker.process.pid).children():
            child.suspend()
            stack.callback(child.resume)
        yield


async def test_a_message_that_arrives_with_the_signal_does_not_delay_the_stop(
    make_client: MakeClient, broker: RedisServer, tmp_path: Path
) -> None:
    client = await make_client(REDIS_URL=broker.url)

    with running_worker(tmp_path, broker.url) as worker, suspended(worker):
        await client.post(JOBS, json=CREATE)
        await asyncio.sleep(ARRIVAL_SECONDS)
        worker.process.terminate()
        await asyncio.sleep(ARRIVAL_SECONDS)

    assert worker.process.returncode == 0  # in the seconds that `running_worker` allows
