"""WebSocket messages that are too large for the server."""

import re
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.processes import Service
from tests.server.service import serving_more

pytestmark = pytest.mark.process

BOMB_BYTES = 32 * 1024 * 1024


def peak_memory(service: Service) -> int:
    """Return the most bytes that the service's processes have held."""
    parent = psutil.Process(service.process.pid)
    states = [
        Path(f"/proc/{process.pid}/status").read_text()
        for process in (parent, *parent.children(recursive=True))
    ]
    return sum(int(re.findall(r"VmHWM:\s+(\d+) kB", state)[0]) * 1024 for state in states)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_message_that_is_too_large_when_decompressed_takes_no_memory(tmp_path: Path) -> None:
    with (
        serving_more(tmp_path) as service,
        connect(f"{service.url.replace('http', 'ws')}/echo") as websocket,
    ):
        websocket.send("tea")
        assert websocket.recv(20) == "tea"
        before = peak_memory(service)

        with suppress(ConnectionClosed):
            websocket.send(" " * BOMB_BYTES)
        with pytest.raises(ConnectionClosed):
            websocket.recv(20)

        assert peak_memory(service) - before < BOMB_BYTES / 2
