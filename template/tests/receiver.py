"""A server in the place of an external one, which records its requests."""

import gzip
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMEOUT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Receiver:
    """Responds `status`; nothing while `speaking` is not set."""

    url: str
    requests: list[Received] = field(default_factory=list)
    status: int = 200
    speaking: threading.Event = field(default_factory=threading.Event)

    def wait(self, condition: Callable[[list[Received]], bool]) -> list[Received]:
        """Wait until the requests meet a condition."""
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not condition(self.requests):
            assert time.monotonic() < deadline, self.requests
            time.sleep(0.02)
        return self.requests


def handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Make the request handler."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            receiver.speaking.wait(TIMEOUT_SECONDS)
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.requests.append(Received(self.path, dict(self.headers), body))
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    return Handler


@contextmanager
def receiving() -> Generator[Receiver]:
    """Listen on a free port."""
    receiver = Receiver("")
    receiver.speaking.set()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(receiver)) as server:
        server.daemon_threads = True
        receiver.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.speaking.set()
            server.shutdown()
            thread.join()
