"""Graceful shutdown: after SIGTERM keep serving for a while, then let the server stop.

A load balancer takes some seconds to notice that `/health/ready` turned 503. Requests keep coming
until then, and are served. So the first SIGTERM only starts the drain; the server's own signal
handler runs when it is over.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import TypeAlias

# Between the shutdown callbacks and the server's handler: WebSockets send their close frames, and
# connections that were just accepted send their requests.
CLOSE_DELAY_SECONDS = 0.3

Handler: TypeAlias = Callable[..., object]

_draining = threading.Event()
_callbacks: set[Callable[[], object]] = set()


def is_draining() -> bool:
    """Whether this process has received SIGTERM."""
    return _draining.is_set()


@contextmanager
def on_shutdown(call: Callable[[], object]) -> Generator[None, None, None]:
    """Register a shutdown callback: it is called on the event loop when the drain is over."""
    _callbacks.add(call)
    try:
        yield
    finally:
        _callbacks.discard(call)


def run_shutdown_callbacks() -> None:
    """Call the shutdown callbacks."""
    for call in tuple(_callbacks):
        call()


class GracefulShutdown:
    """A handler of SIGTERM that delays the server's own handler."""

    def __init__(self, seconds: float, handler: Handler) -> None:
        self.seconds = seconds
        self.handler = handler
        self.loop = asyncio.get_running_loop()
        self.timer: asyncio.TimerHandle | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Start the drain. A second SIGTERM stops the server at once."""
        if _draining.is_set():
            self.handler(number, frame)
        else:
            _draining.set()
            self.loop.call_soon_threadsafe(self._start, number)

    def _start(self, number: int) -> None:
        if _draining.is_set():
            self.timer = self.loop.call_later(self.seconds, self._close, number)

    def _close(self, number: int) -> None:
        run_shutdown_callbacks()
        self.timer = self.loop.call_later(CLOSE_DELAY_SECONDS, self.handler, number, None)

    def cancel(self) -> None:
        """Cancel the drain: the server has stopped."""
        _draining.clear()
        if self.timer:
            self.timer.cancel()


@asynccontextmanager
async def graceful_shutdown(seconds: float) -> AsyncGenerator[None, None]:
    """Put `seconds` of draining before the SIGTERM handler that the server has installed."""
    for _ in range(2):  # iterations in which the loop delivers a signal that has arrived already
        await asyncio.sleep(0)
    handler = find_handler(asyncio.get_running_loop())
    if handler is None:
        yield
        return
    drain = GracefulShutdown(seconds, handler)
    signal.signal(signal.SIGTERM, drain)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        drain.cancel()


def find_handler(loop: asyncio.AbstractEventLoop) -> Handler | None:
    """Return the server's handler of SIGTERM; None if it has none.

    A handler that was added to the event loop cannot be read. It is removed, and SIGINT is raised
    instead, which means the same to such a server.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    if loop.remove_signal_handler(signal.SIGTERM):
        return lambda *_: signal.raise_signal(signal.SIGINT)
    found = signal.getsignal(signal.SIGTERM)
    return found if callable(found) else None
