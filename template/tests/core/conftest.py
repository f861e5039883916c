"""What the tests of the core share."""

import socket
from collections.abc import Generator
from contextlib import closing, suppress

import pytest

from app.core.listener import own_listeners

# From asm-generic/socket.h; Python does not name it.
SO_DETACH_FILTER = 27


@pytest.fixture
def hearing_again() -> Generator[None]:
    """Let in who knocks at this process afterwards: other tests keep servers in it."""
    yield
    for listener in own_listeners():
        with closing(listener), suppress(OSError):
            listener.setsockopt(socket.SOL_SOCKET, SO_DETACH_FILTER, 0)
