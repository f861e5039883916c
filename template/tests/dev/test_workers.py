"""The worker that `just dev` runs with the server."""

import io
import os
from contextlib import redirect_stdout

import pytest

from dev import database, redis, workers
from tests.processes import eventually

pytestmark = pytest.mark.process


def test_a_worker_runs_and_its_lines_have_a_prefix() -> None:
    output = io.StringIO()  # capfd loses what another thread writes while it is read

    with database.testing() as url, redis.testing() as redis_url, redirect_stdout(output):
        environment = os.environ | {"DATABASE_URL": url, "REDIS_URL": redis_url}
        with workers.running_worker(environment):
            eventually(lambda: "ready." in output.getvalue())

    (ready,) = [line for line in output.getvalue().splitlines() if "ready." in line]
    assert ready.startswith("worker | ")
