"""An HTTP/2 connection that may send malformed requests."""

import socket
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import ConnectionTerminated, ResponseReceived, StreamReset
from httpx2 import URL


class HTTP2Connection:
    """Sends requests as they are given, and returns the status of their answers."""

    def __init__(self, url: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", URL(url).port or 0), timeout=10)
        self.state = H2Connection(H2Configuration(validate_outbound_headers=False))
        self.state.initiate_connection()
        self.answers: dict[int, str] = {}
        self.resets: set[int] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def request(self, method: str, path: str | None, body: bytes = b"") -> int:
        """Send a request, and return its stream's number."""
        headers = [(":method", method), (":authority", "here")]
        if path is not None:
            headers += [(":scheme", "http"), (":path", path)]
        stream = self.state.get_next_available_stream_id()
        self.state.send_headers(stream, headers, end_stream=not body)
        self._flush()
        self._send(stream, body)
        return stream

    def answer(self, stream: int) -> str:
        """Wait for the status of an answer, or for `reset`."""
        while stream not in self.answers:
            self._receive()
        return self.answers[stream]

    def _send(self, stream: int, body: bytes) -> None:
        """Send a body, as fast as the server takes it; and no more after a reset."""
        while body and stream not in self.resets:
            window = self.state.local_flow_control_window(stream)
            size = min(window, self.state.max_outbound_frame_size, len(body))
            if size == 0:
                self._receive()
                continue
            self.state.send_data(stream, body[:size], end_stream=size == len(body))
            self._flush()
            body = body[size:]

    def _flush(self) -> None:
        self.socket.sendall(self.state.data_to_send())

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the connection was closed")
        for event in self.state.receive_data(data):
            assert not isinstance(event, ConnectionTerminated)
            if isinstance(event, ResponseReceived):
                self.answers[event.stream_id or 0] = dict(event.headers or ())[b":status"].decode()
            elif isinstance(event, StreamReset):
                self.resets.add(event.stream_id or 0)
                self.answers.setdefault(event.stream_id or 0, "reset")
        self._flush()
