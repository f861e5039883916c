"""WebSockets of a service that stops."""

from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.server.service import serving_more


def close_code(websocket: ClientConnection) -> int:
    """Wait for the end of a WebSocket."""
    with pytest.raises(ConnectionClosed) as closed:
        websocket.recv(20)
    received = closed.value.rcvd
    return received.code if received else 1006


@pytest.mark.parametrize("processes", ["1", "2"])
def test_a_websocket_is_told_to_come_again(tmp_path: Path, processes: str) -> None:
    settings = {"WEB_CONCURRENCY": processes, "SHUTDOWN_DRAIN_SECONDS": "0.5"}
    with (
        serving_more(tmp_path, **settings) as service,
        connect(f"{service.url.replace('http', 'ws')}/echo") as websocket,
    ):
        websocket.send("tea")
        assert websocket.recv(5) == "tea"

        service.stop()

        assert close_code(websocket) == 1012
        assert service.process.wait(20) == 0
