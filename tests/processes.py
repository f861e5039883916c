"""Helpers for processes started by tests: free ports, and waiting for conditions."""

import socket
import time
from collections.abc import Callable
from typing import Any

# Starting a process takes long on a busy machine.
START_SECONDS = 120

_reserved: list[socket.socket] = []


def reserved_port() -> int:
    """Return a port that is reserved as long as the tests run.

    It is bound without listening. A server may listen all the same, as often as it is started:
    servers set SO_REUSEADDR, with which Linux lets one listen where others are only bound.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _reserved.append(holder)
    return holder.getsockname()[1]


def connects(port: int) -> bool:
    """Return whether a server accepts connections."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(found: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """Poll until a function returns a true value, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)
    return value
