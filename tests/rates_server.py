"""A fake HTTP server of exchange rates."""

import json
import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Exchange(BaseHTTPRequestHandler):
    """A request handler with rates for every currency."""

    def do_GET(self) -> None:
        """Return the rates of a currency."""
        base = parse_qs(urlsplit(self.path).query)["base"][0]
        body = json.dumps({"base": base, "date": "2026-01-02", "rates": {"USD": 1.25}}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Log nothing."""


@contextmanager
def serve_rates() -> Generator[str]:
    """Serve on a free local port; yield the URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Exchange) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/latest"
        server.shutdown()
