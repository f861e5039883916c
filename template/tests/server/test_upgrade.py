"""Upgrades of a connection: to WebSocket only (RFC 9110 §7.8)."""

import socket
from collections.abc import Iterator

import pytest
from httpx2 import URL

from tests.processes import Service
from tests.server.service import serving_more

pytestmark = pytest.mark.process

# What begins HTTP/2, with an empty SETTINGS frame (RFC 9113 §3.4).
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
SETTINGS = bytes([0x04, 0x00, 0x00])


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with serving_more(tmp_path_factory.mktemp("service")) as service:
        yield service


@pytest.mark.parametrize("upgrade", ["h2c", "H2C", "h2c, websocket", "websocket, h2c", "TLS/1.3"])
def test_a_connection_is_not_upgraded_to_another_protocol(service: Service, upgrade: str) -> None:
    lines = [
        "GET /health/live HTTP/1.1",
        "Host: here",
        f"Upgrade: {upgrade}",
        "Connection: Upgrade, HTTP2-Settings",
        "HTTP2-Settings: AAMAAABkAAQAAP__",
    ]
    address = ("127.0.0.1", URL(service.url).port or 0)
    with socket.create_connection(address, timeout=10) as client:
        client.sendall("\r\n".join([*lines, "", ""]).encode())
        first = client.recv(65536)
        client.sendall(PREFACE)
        later = client.makefile("rb").read()

    assert first.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 400 "))
    assert SETTINGS not in later
