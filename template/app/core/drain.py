"""Going away politely: after SIGTERM the service says so before it closes its door.

A balancer needs some seconds to notice that `/health/ready` turned 503. Until then requests keep
coming, and must be served. So the first SIGTERM only starts the drain. When it is over, nobody is
let in any more, and a moment later the server's own handler runs.
"""

import asyncio
import signal
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from types import FrameType
from typing import TypeAlias

from app.core.listener import turn_deaf

# Those who were let in at the last moment have so long to say what they want, and WebSockets to
# take leave.
LAST_CALL_SECONDS = 0.3

Handler: TypeAlias = Callable[..., object]

_draining = threading.Event()
_farewells: set[Callable[[], object]] = set()


def draining() -> bool:
    """Whether this process was told to stop."""
    return _draining.is_set()


@contextmanager
def farewell(call: Callable[[], object]) -> Generator[None, None, None]:
    """Call `call` on the event loop when the drain is over, just before the server stops."""
    _farewells.add(call)
    try:
        yield
    finally:
        _farewells.discard(call)


class Drain:
    """What SIGTERM does instead of what the server would do at once."""

    def __init__(self, seconds: float, handler: Handler) -> None:
        self.seconds = seconds
        self.handler = handler
        self.loop = asyncio.get_running_loop()
        self.end: asyncio.TimerHandle | None = None

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Begin to drain. Whoever asks twice is in a hurry."""
        if _draining.is_set():
            self.handler(number, frame)
        else:
            _draining.set()
            self.loop.call_soon_threadsafe(self._begin, number)

    def _begin(self, number: int) -> None:
        if _draining.is_set():
            self.end = self.loop.call_later(self.seconds, close, self.handler, number)

    def cancel(self) -> None:
        """Forget it: the server has ended before."""
        _draining.clear()
        if self.end:
            self.end.cancel()


@asynccontextmanager
async def drain_on_sigterm(seconds: float) -> AsyncGenerator[None, None]:
    """Put `seconds` of draining before the SIGTERM handler that the server has installed."""
    for _ in range(2):  # rounds that the loop takes to hand the server a signal that has come
        await asyncio.sleep(0)
    handler = find_handler(asyncio.get_running_loop())
    if handler is None:
        yield
        return
    drain = Drain(seconds, handler)
    signal.signal(signal.SIGTERM, drain)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        drain.cancel()


def close(handler: Handler, number: int) -> None:
    """Take no more connections, and let the server stop when the last requests are in."""
    turn_deaf()
    say_farewell()
    asyncio.get_running_loop().call_later(LAST_CALL_SECONDS, handler, number, None)


def find_handler(loop: asyncio.AbstractEventLoop) -> Handler | None:
    """What the server does on SIGTERM; None if that is nothing.

    A server that has left the signal to the event loop cannot be asked, and is relieved of it;
    SIGINT means the same to it.
    """
    if threading.current_thread() is not threading.main_thread():
        return None
    if loop.remove_signal_handler(signal.SIGTERM):
        return lambda *_: signal.raise_signal(signal.SIGINT)
    found = signal.getsignal(signal.SIGTERM)
    return found if callable(found) else None


def say_farewell() -> None:
    """Tell everybody who waits for it."""
    for call in tuple(_farewells):
        call()
