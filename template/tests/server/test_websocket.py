"""WebSockets at a shutdown, and their limits."""

import re
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.processes import Service
from tests.server.service import serving_more

pytestmark = pytest.mark.process

BOMB_BYTES = 32 * 1024 * 1024


def close_code(websocket: ClientConnection) -> int:
    """Wait for the end of a WebSocket."""
    with pytest.raises(ConnectionClosed) as closed:
        websocket.recv(20)
    received = closed.value.rcvd
    return received.code if received else 1006


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_websocket_is_closed_with_1012(tmp_path: Path, processes: str) -> None:
    settings = {"WEB_CONCURRENCY": processes, "SHUTDOWN_DRAIN_SECONDS": "0.5"}
    with (
        serving_more(tmp_path, **settings) as service,
        connect(f"{service.url.replace('http', 'ws')}/echo") as websocket,
    ):
        websocket.send("tea")
        assert websocket.recv(20) == "tea"

        service.stop()

        assert close_code(websocket) == 1012
        assert service.process.wait(30) == 0


def most_memory(service: Service) -> int:
    """The peak memory of the service's processes, in bytes."""
    parent = psutil.Process(service.process.pid)
    states = [
        Path(f"/proc/{process.pid}/status").read_text()
        for process in (parent, *parent.children(recursive=True))
    ]
    return sum(int(re.findall(r"VmHWM:\s+(\d+) kB", state)[0]) * 1024 for state in states)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux")
def test_a_compressed_message_is_not_unpacked_beyond_the_limit(tmp_path: Path) -> None:
    with (
        serving_more(tmp_path) as service,
        connect(f"{service.url.replace('http', 'ws')}/echo") as websocket,
    ):
        websocket.send("tea")
        assert websocket.recv(20) == "tea"
        before = most_memory(service)

        with suppress(ConnectionClosed):
            websocket.send(" " * BOMB_BYTES)
        close_code(websocket)

        assert most_memory(service) - before < BOMB_BYTES / 2
