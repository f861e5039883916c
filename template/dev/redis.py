"""A Redis server of this project, for machines without an installed one.

Its data are in memory only.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.processes import free_port, shared_server
from dev.project import LOCAL, ROOT, LauncherError, say, setting, xdist_worker

PROGRAMS = ("valkey-server", "redis-server")
START_TIMEOUT_SECONDS = 20
START_ATTEMPTS = 3


def development() -> AbstractContextManager[str]:
    """Yield the URL of the development Redis: `REDIS_URL`, or one in `.local/`."""
    url = setting("REDIS_URL")
    return nullcontext(url) if url else server(LOCAL / "redis")


@contextmanager
def testing() -> Generator[str]:
    """Yield the URL of a Redis that tests may empty: `TEST_REDIS_URL`, or one in `.local/`.

    Each process of pytest-xdist uses a database of its own, counted from the one in the URL.
    """
    named = os.environ.get("TEST_REDIS_URL")
    with nullcontext(named) if named else server(LOCAL / "redis-test") as url:
        yield _of_worker(url)


def _of_worker(url: str) -> str:
    """Add the number of the pytest-xdist process to that of the database in the URL's path."""
    parts = urlsplit(url)
    database = int(parts.path.strip("/") or 0) + (xdist_worker() or 0)
    return parts._replace(path=f"/{database}").geturl()


def server(directory: Path) -> AbstractContextManager[str]:
    """Share a server that works in `directory`; yield its URL."""
    directory = directory.resolve()
    return shared_server(directory, partial(_start, directory), partial(_stop, directory))


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"redis://127.0.0.1:{self.port}/0"

    def runs(self) -> bool:
        """Return whether the process runs. The port rules out a later one with its PID."""
        with suppress(psutil.Error):
            return any(str(self.port) in part for part in psutil.Process(self.pid).cmdline())
        return False

    def answers(self) -> bool:
        """Return whether it answers PING."""
        once = Retry(NoBackoff(), retries=0)
        with suppress(RedisError), Redis(port=self.port, socket_timeout=1, retry=once) as client:
            return client.ping()
        return False

    def stop(self) -> None:
        """Kill the process; there is nothing to save."""
        while self.runs():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)


def find(directory: Path) -> Server | None:
    """Return the server that was started in this directory, if it still runs."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        found = Server(**json.loads((directory / "server.json").read_text()))
        return found if found.runs() else None
    return None


def _start(directory: Path) -> str:
    """Return the URL of the running server, or start one. A server that hangs is replaced."""
    if (running := find(directory)) and running.answers():
        return running.url
    _stop(directory)
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    for _ in range(START_ATTEMPTS):  # another program may take the port first
        if found := launch(directory, program):
            (directory / "server.json").write_text(json.dumps(asdict(found)))
            name = Path(program).name if program else "none installed, so fakeredis"
            say(f"Redis: {name}, on 127.0.0.1:{found.port}")
            return found.url
    log = (directory / "server.log").read_text(errors="replace").splitlines()[-10:]
    raise LauncherError("Redis does not start:\n" + "\n".join(log))


def _stop(directory: Path) -> None:
    if found := find(directory):
        found.stop()


def launch(directory: Path, program: str | None, port: int = 0) -> Server | None:
    """Start a server (fakeredis without `program`) and wait for its answer; None if it ends."""
    port = port or free_port()
    command = [sys.executable, "-m", "dev.fake_redis", str(port)]
    if program:
        options = f"--port {port} --bind 127.0.0.1 --appendonly no --loglevel warning"
        command = [program, *options.split(), "--save", "", "--dir", str(directory)]
    started = Server(_spawn(command, directory / "server.log"), port)
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while _exists(started.pid) and time.monotonic() < deadline:
        if started.answers():
            return started
        time.sleep(0.02)
    started.stop()
    return None


def _exists(pid: int) -> bool:
    """Return whether the process has not ended, even before it has a command line."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _spawn(command: Sequence[str], log: Path) -> int:
    """Start a program in the background, detached by a shell, and return its PID."""
    script = 'log=$1; shift; "$@" >"$log" 2>&1 & echo $!'
    detached = ["sh", "-c", script, "sh", log, *command]
    # In a session of its own, so that Ctrl-C does not reach it.
    return int(subprocess.check_output(detached, cwd=ROOT, start_new_session=True))
