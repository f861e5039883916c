"""Processes that take a while to begin: `python -m tests.server.beginner FOLDER`."""

import os
import signal
import sys
import threading
import time
from functools import partial
from pathlib import Path

from app.servers.process_manager import ProcessManager, handle_stop, ignore_stop


def work(folder: Path) -> None:
    """Begin, listen, and end when told to; a word that comes later changes nothing."""
    (folder / f"begun-{os.getpid()}").touch()
    while not (folder / "go-on").exists():
        time.sleep(0.02)
    told = threading.Event()
    handle_stop(told.set)
    if told.wait(60):
        (folder / f"told-{os.getpid()}").touch()
    told.clear()
    ignore_stop()
    signal.raise_signal(signal.SIGTERM)
    assert not told.is_set()


if __name__ == "__main__":
    sys.exit(ProcessManager(2, partial(work, Path(sys.argv[1])), lambda: None).run())
