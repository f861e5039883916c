"""A Redis that belongs to this project, for machines where none is installed.

It keeps everything in memory: what matters is in the database.
"""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import psutil
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.processes import free_port
from dev.project import LOCAL, ROOT, LauncherError, say, setting, xdist_worker

PROGRAMS = ("valkey-server", "redis-server")
START_SECONDS = 20
ATTEMPTS = 3


@contextmanager
def development() -> Generator[str]:
    """Yield the URL of the development Redis: `REDIS_URL`, or one of the project's own."""
    if url := setting("REDIS_URL"):
        yield url
    else:
        with server(LOCAL / "redis") as url:
            yield url


@contextmanager
def testing() -> Generator[str]:
    """Yield the URL of a Redis that tests may empty: `TEST_REDIS_URL`, or one of their own.

    Each process of pytest-xdist has a database of its own there, counted from the one named.
    """
    if url := os.environ.get("TEST_REDIS_URL"):
        yield _of_worker(url)
    else:
        with server(LOCAL / "redis-test") as url:
            yield _of_worker(url)


def _of_worker(url: str) -> str:
    """Add the number of a process of pytest-xdist to that of the database in the URL's path."""
    parts = urlsplit(url)
    database = int(parts.path.strip("/") or 0) + (xdist_worker() or 0)
    return parts._replace(path=f"/{database}").geturl()


@contextmanager
def server(directory: Path) -> Generator[str]:
    """Yield the URL of a server that all who name this directory at the same time share.

    The first starts it, the last stops it. Who is killed counts no more, since the kernel then
    lets go of the locks.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "users.lock").open("a") as users:
        try:
            with _alone(directory):
                fcntl.flock(users, fcntl.LOCK_SH)
                running = _running(directory) or _start(directory)
            yield running.url
        finally:
            with _alone(directory):
                if _is_last(users) and (found := find(directory)):
                    found.stop()


@contextmanager
def _alone(directory: Path) -> Generator[None]:
    """Let one process at a time start or stop the server."""
    with (directory / "start.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _is_last(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    pid: int
    port: int

    @property
    def url(self) -> str:
        """The URL that clients need."""
        return f"redis://127.0.0.1:{self.port}/0"

    def runs(self) -> bool:
        """Whether the process is there. Its number may be another's by now, but not its port."""
        with suppress(psutil.Error):
            return any(str(self.port) in part for part in psutil.Process(self.pid).cmdline())
        return False

    def answers(self) -> bool:
        """Whether it can be asked."""
        once = Retry(NoBackoff(), retries=0)
        with suppress(RedisError), Redis(port=self.port, socket_timeout=1, retry=once) as client:
            return client.ping()
        return False

    def stop(self) -> None:
        """End the process. There is nothing to save."""
        while self.runs():
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(0.01)


def find(directory: Path) -> Server | None:
    """Find the server that was started in this directory, if it runs still."""
    with suppress(FileNotFoundError, ValueError, TypeError):
        found = Server(**json.loads((directory / "server.json").read_text()))
        return found if found.runs() else None
    return None


def _running(directory: Path) -> Server | None:
    """The server to share. One that is there and does not answer is in the way."""
    found = find(directory)
    if found and not found.answers():
        found.stop()
        return None
    return found


def _start(directory: Path) -> Server:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    for _ in range(ATTEMPTS):  # another program may take the port first
        if found := launch(directory, program):
            (directory / "server.json").write_text(json.dumps(asdict(found)))
            name = Path(program).name if program else "none installed, so fakeredis"
            say(f"Redis: {name}, on 127.0.0.1:{found.port}")
            return found
    log = (directory / "server.log").read_text(errors="replace").splitlines()[-10:]
    raise LauncherError("Redis does not start:\n" + "\n".join(log))


def launch(directory: Path, program: str | None, port: int = 0) -> Server | None:
    """Start a server and wait until it answers; None if it ends. Without `program`: fakeredis."""
    port = port or free_port()
    command = [sys.executable, "-m", "dev.fake_redis", str(port)]
    if program:
        options = f"--port {port} --bind 127.0.0.1 --appendonly no --loglevel warning"
        command = [program, *options.split(), "--save", "", "--dir", str(directory)]
    started = Server(_spawn(command, directory / "server.log"), port)
    deadline = time.monotonic() + START_SECONDS
    while _exists(started.pid) and time.monotonic() < deadline:
        if started.answers():
            return started
        time.sleep(0.02)
    started.stop()
    return None


def _exists(pid: int) -> bool:
    """Whether the process has not ended. It has no command line to know it by when it begins."""
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


def _spawn(command: Sequence[str], log: Path) -> int:
    """Start a program that outlives this process. The shell detaches it."""
    script = 'log=$1; shift; "$@" >"$log" 2>&1 & echo $!'
    done = subprocess.run(
        ["sh", "-c", script, "sh", log, *command],
        cwd=ROOT,
        start_new_session=True,  # Ctrl-C is for us: what we started, we stop in order
        stdout=subprocess.PIPE,
        check=True,
    )
    return int(done.stdout)
