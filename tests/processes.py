"""What tests need of the processes they start: ports, and to wait for them."""

import socket
import time
from collections.abc import Callable
from typing import Any

# A busy machine needs long to start a process, or to answer.
START_SECONDS = 120

_reserved: list[socket.socket] = []


def reserved_port() -> int:
    """Return a port that no other program is given as long as the tests run.

    It is bound without listening. A server may listen all the same, as often as it is started:
    servers set SO_REUSEADDR, with which Linux lets one listen where others are only bound.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind(("127.0.0.1", 0))
    _reserved.append(holder)
    return holder.getsockname()[1]


def connects(port: int) -> bool:
    """Whether a server listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def until(found: Callable[[], Any], seconds: float = START_SECONDS) -> Any:
    """Return what is found as soon as it is there."""
    deadline = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)
    return value
