"""A workaround: Python 3.11 could hang while coverage is measured.

coverage asks in each thread for its greenlet, and has a weak reference to it that calls Python.
greenlet frees it in the main thread, in a pending call. If a second thread ends meanwhile, the
next pending call is due, which waits for the first; and in 3.11 a function that is traced does
not begin while one is due. So no greenlet of a thread is freed before the tests end.
"""

import sys
import threading
from types import FrameType

from greenlet import getcurrent, greenlet

# Twice each: greenlet looks through all objects for a reference that is the only one left.
_kept: list[tuple[greenlet, greenlet]] = []


def keep_thread_greenlets() -> None:
    """Keep the greenlets of all threads that start from now on."""
    if sys.version_info < (3, 12):
        threading.setprofile(_keep)


def _keep(_frame: FrameType, _event: str, _argument: object) -> None:
    sys.setprofile(None)  # once for each thread
    _kept.append((getcurrent(), getcurrent()))
