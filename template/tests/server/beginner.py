"""Processes that start slowly: `python -m tests.server.beginner FOLDER`."""

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

from app.servers.process_manager import ProcessManager, handle_stop, ignore_stop


def work(folder: Path) -> None:
    """Start, wait for a stop signal, and ignore a later one."""
    (folder / f"begun-{os.getpid()}").touch()
    while not (folder / "go-on").exists():
        time.sleep(0.02)
    stopped = threading.Event()
    handle_stop(stopped.set)
    if stopped.wait(60):
        (folder / f"stopped-{os.getpid()}").touch()
    stopped.clear()
    ignore_stop()
    signal.raise_signal(signal.SIGTERM)
    assert not stopped.is_set()


if __name__ == "__main__":
    sys.exit(ProcessManager(2, partial(work, Path(sys.argv[1])), lambda: None).run())
