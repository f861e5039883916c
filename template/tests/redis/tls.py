"""A TLS server that records what it receives after the handshake."""

import ssl
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import trustme


@dataclass(slots=True)
class TlsServer:
    """`trusted` is the certificate file of its CA."""

    port: int
    trusted: Path
    received: bytearray = field(default_factory=bytearray)


@contextmanager
def tls_server(folder: Path, name: str = "localhost") -> Generator[TlsServer]:
    """Serve on 127.0.0.1, with a certificate for `name`."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    trusted = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(trusted))

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), context.wrap_socket(self.request, server_side=True) as stream:
                known.received += stream.recv(4096)

    with ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        known = TlsServer(server.server_address[1], trusted)
        Thread(target=server.serve_forever, daemon=True).start()
        yield known
        server.shutdown()
