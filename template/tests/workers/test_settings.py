"""Bad settings end a worker at once, as they end the server."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import environment

pytestmark = pytest.mark.process

SECRET = "hunter2"


@pytest.mark.parametrize("command", ["worker", "beat"])
def test_the_settings_of_whatever_is_loaded_are_checked_before_anything_starts(
    command: str, tmp_path: Path
) -> None:
    settings = {"REDIS_URL": "redis://127.0.0.1:1/0", "KETTLE_LITRES": SECRET}

    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "tests.workers.celery_app", command],
        cwd=tmp_path,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "KETTLE_LITRES: Input should be a valid integer" in done.stderr.splitlines()[-1]
    assert SECRET not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (["--pool", "threads"], {}),
        (["-P", "threads", "--concurrency", "2"], {}),
        (["-P", "custom"], {"CELERY_CUSTOM_WORKER_POOL": "celery.concurrency.thread:TaskPool"}),
    ],
)
def test_a_pool_that_shares_a_process_is_refused_by_name(
    options: list[str], settings: dict[str, str], tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "app.workers.celery_app", "worker", *options],
        cwd=tmp_path,
        env=environment(REDIS_URL="redis://127.0.0.1:1/0", **settings),
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.returncode != 0
    assert "--pool must be prefork or solo" in done.stderr.splitlines()[-1]
