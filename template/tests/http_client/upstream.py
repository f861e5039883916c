"""A real server that plays another service, with its errors."""

import threading
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that has arrived, the `number`-th since the test began."""

    number: int
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    port: int


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered, after `wait` seconds. `length` may be a lie."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0
    length: int | None = None


Script = Callable[[Asked], Answer]


def good(_: Asked) -> Answer:
    """A good answer."""
    return Answer(body=b'{"degrees": 21.5}')


class Upstream:
    """Answers by its `script`, at first the `default`, and records the requests."""

    default: Script = staticmethod(good)

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}/latest"
        self.lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Reset it: the default answers, no requests."""
        self.script: Script = self.default
        self.asked: list[Asked] = []
        self.active = self.most = 0
        self.over = threading.Event()

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        url = urlsplit(handler.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        port = handler.client_address[1]
        query = parse_qs(url.query)
        with self.lock:
            asked = Asked(len(self.asked) + 1, handler.command, url.path, query, headers, port)
            self.asked.append(asked)
            self.active += 1
            self.most = max(self.most, self.active)
        answer = self.script(asked)
        self.over.wait(answer.wait)
        with self.lock:
            self.active -= 1
        write(handler, answer)


def write(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    """Send the answer; the client may have disconnected."""
    length = len(answer.body) if answer.length is None else answer.length
    handler.send_response(answer.status)
    for name, value in {"Content-Length": str(length), **answer.headers}.items():
        handler.send_header(name, value)
    try:
        handler.end_headers()
        handler.wfile.write(answer.body)
    except ConnectionError:
        handler.close_connection = True
    if length != len(answer.body):
        handler.close_connection = True


class Server(ThreadingHTTPServer):
    """Closes without waiting for requests."""

    daemon_threads = True
    block_on_close = False


@contextmanager
def serving() -> Generator[Upstream]:
    """Serve on a free port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            upstream.serve(self)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = Server(("127.0.0.1", 0), Handler)
    upstream = Upstream(server)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        upstream.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
