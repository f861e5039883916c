"""A real PgBouncer in transaction mode, between the tests and their server."""

import os
import shutil
import signal
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlalchemy import URL, make_url

from dev import unprivileged
from tests.databases import free_port

PGBOUNCER = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
# Fewer connections than callers, and another one for each statement.
CONFIG = """
[databases]
* = host={url.host} port={url.port} user={url.username}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_round_robin = 1
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
"""


@contextmanager
def pgbouncer(folder: Path) -> Generator[URL]:
    """Run it in front of the tests' database; yield the URL of the same database behind it."""
    url, port = make_url(os.environ["DATABASE_URL"]), free_port()
    if user := unprivileged.account():
        os.chown(folder, user.pw_uid, user.pw_gid)
    (folder / "pgbouncer.ini").write_text(CONFIG.format(url=url, port=port, folder=folder))
    started = unprivileged.execute([str(PGBOUNCER), "-d", folder / "pgbouncer.ini"], folder)
    assert started.returncode == 0, started.stderr
    pid = _pid(folder / "pgbouncer.pid")
    try:
        yield url.set(host="127.0.0.1", port=port, query={})
    finally:
        # A script's background jobs ignore SIGQUIT, and newer versions wait after SIGTERM.
        os.kill(pid, signal.SIGKILL)
        while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)


def _pid(file: Path) -> int:
    """Wait until the daemon has written its process id."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if file.exists() and (text := file.read_text()):
            return int(text)
        time.sleep(0.01)
    raise TimeoutError(file.with_suffix(".log").read_text())
