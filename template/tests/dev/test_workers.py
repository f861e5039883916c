"""The worker that `just dev` runs beside the server."""

import os
import time
from collections.abc import Callable

import pytest

from dev import database, redis, workers

START_SECONDS = 30


def wait_until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_worker_runs_meanwhile_and_its_lines_tell_whose_they_are(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lines: list[str] = []

    def ready() -> bool:
        lines.extend(capfd.readouterr().out.splitlines())
        return any("ready." in line for line in lines)

    with database.testing() as url, redis.testing() as redis_url:
        environment = os.environ | {"DATABASE_URL": url, "REDIS_URL": redis_url}
        with workers.beside(environment):
            wait_until(ready)

    (said,) = [line for line in lines if "ready." in line]
    assert said.startswith("worker | ")
