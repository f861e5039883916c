"""Going away politely: after SIGTERM the service says so before it closes its door.

A balancer needs some seconds to notice that `/health/ready` turned 503. Until then requests keep
coming, and must be served. So the first SIGTERM only starts the drain. When it is over, nobody is
let in any more, and a moment later the server's own handler runs.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import FrameType

from app.core.listener import turn_deaf

# Those who were let in at the last moment have so long to say what they want, and WebSockets to
# take leave.
LAST_CALL_SECONDS = 0.3

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


@contextmanager
def drain_on_sigterm(seconds: float) -> Generator[None, None, None]:
    """Put `seconds` of draining before the SIGTERM handler that the server has installed."""
    loop = asyncio.get_running_loop()
    handler = find_handler(loop)
    if handler is None:
        yield
        return
    timers: list[asyncio.TimerHandle] = []

    def start(number: int) -> None:
        if _draining.is_set():
            timers.append(loop.call_later(seconds, close, handler, number))

    def drain(number: int, frame: FrameType | None) -> None:
        if _draining.is_set():  # asked twice: somebody is in a hurry
            handler(number, frame)
        else:
            _draining.set()
            loop.call_soon_threadsafe(start, number)

    signal.signal(signal.SIGTERM, drain)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, handler)
        _draining.clear()
        for timer in timers:
            timer.cancel()


def close(handler: Callable[..., object], number: int) -> None:
    """Take no more connections, and let the server stop when the last requests are in."""
    turn_deaf()
    say_farewell()
    asyncio.get_running_loop().call_later(LAST_CALL_SECONDS, handler, number, None)


def find_handler(loop: asyncio.AbstractEventLoop) -> Callable[..., object] | None:
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
