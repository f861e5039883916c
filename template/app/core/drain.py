"""Going away politely: after SIGTERM the service says so before it closes its door.

A balancer needs some seconds to notice that `/health/ready` turned 503. Until then requests keep
coming, and must be served. So the first SIGTERM only starts the drain; the server's own handler
runs when the drain is over.
"""

import asyncio
import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

_draining = threading.Event()


def draining() -> bool:
    """Whether this process was told to stop."""
    return _draining.is_set()


@contextmanager
def drain_on_sigterm(seconds: float) -> Generator[None, None, None]:
    """Put `seconds` of draining before the SIGTERM handler that the server has installed."""
    stop = signal.getsignal(signal.SIGTERM)
    if threading.current_thread() is not threading.main_thread() or not callable(stop):
        yield
        return
    loop = asyncio.get_running_loop()

    def drain(number: int, frame: FrameType | None) -> None:
        if _draining.is_set():  # asked twice: somebody is in a hurry
            stop(number, frame)
            return
        _draining.set()
        loop.call_soon_threadsafe(loop.call_later, seconds, stop, number, None)

    signal.signal(signal.SIGTERM, drain)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, stop)
        _draining.clear()
