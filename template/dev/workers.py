"""The worker that `just dev` runs with the server, in the same terminal."""

import shlex
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from threading import Thread
from typing import IO

from dev.processes import stop

CELERY = [sys.executable, "-m", "celery", "--app", "app.workers.celery_app"]
WORKER = [*CELERY, "worker", "--beat", "--concurrency", "2", "--without-mingle"]
PREFIX = "worker | "
# An unfinished job is run again.
STOP_TIMEOUT_SECONDS = 3


@contextmanager
def running_worker(environment: Mapping[str, str]) -> Generator[None]:
    """Run a worker with beat, restarted when the code changes."""
    reload = [sys.executable, "-m", "watchfiles", "--filter", "python", "--verbosity", "warning"]
    worker = subprocess.Popen(
        [*reload, shlex.join(WORKER), "app"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    output = Thread(target=_print_prefixed, args=(worker.stdout,))
    output.start()
    try:
        yield
    finally:
        stop(worker, STOP_TIMEOUT_SECONDS)
        output.join()


def _print_prefixed(lines: IO[str]) -> None:
    with lines:
        for line in lines:
            sys.stdout.write(PREFIX + line)
            sys.stdout.flush()
