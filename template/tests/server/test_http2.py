"""HTTP/2, for servers that speak it: in clear text, as a proxy before them would."""

import socket
from pathlib import Path

import httpx2
import pytest

from tests.processes import serving

pytestmark = pytest.mark.process

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
# RFC 9113 §6.5: a frame without content, of type 4.
SETTINGS = bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


def test_a_client_may_begin_with_http_2(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        address = ("127.0.0.1", httpx2.URL(service.url).port or 0)
        with socket.create_connection(address, timeout=10) as client:
            client.sendall(PREFACE + SETTINGS)
            frame = client.recv(9)

    assert frame[3] == SETTINGS[3]
