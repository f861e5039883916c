"""Runs a rendered service with its own systemd units and nginx site, on local ports."""

import os
import re
import shlex
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse, HTTPSConnection
from pathlib import Path

from tests.processes import reserved_port

NAME = "api.example.com"
# The address of the tests, different from that of nginx.
CLIENT = "127.0.0.2"

Process = subprocess.Popen[bytes]


@contextmanager
def running(
    command: list[str], folder: Path, **environment: str
) -> Generator[subprocess.Popen[bytes]]:
    """Run a program until the block ends, with its output in files; then kill its process group."""
    with (folder / "stdout").open("ab") as stdout, (folder / "stderr").open("ab") as stderr:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | environment,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def exec_start(unit: Path, slug: str, project: Path) -> list[str]:
    """Return the command line of a unit, as if the project were where the unit expects it."""
    [command] = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
    return shlex.split(command.replace(f"/srv/{slug}", str(project)))


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a self-signed certificate and its key."""
    made = folder / "fullchain.pem", folder / "privkey.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"]
    files = ["-out", str(made[0]), "-keyout", str(made[1])]
    subprocess.run([*command, *subject, *files], check=True, capture_output=True)
    return made


class Nginx:
    """Runs nginx with a project's site, on the ports and with the certificate of a test."""

    def __init__(self, site: Path, folder: Path, service: int) -> None:
        self.folder = folder
        self.http, self.https = reserved_port(), reserved_port()
        self.chain, self.key = certificate(folder)
        self._write(site.read_text(), service)

    def _write(self, site: str, service: int) -> None:
        """Write the configuration of nginx, with the site in it."""
        text = site.replace("127.0.0.1:8000", f"127.0.0.1:{service}")
        text = re.sub(r"listen \[::\].*\n", "", text)
        text = text.replace("listen 80;", f"listen 127.0.0.1:{self.http};")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.https} ")
        live = f"/etc/letsencrypt/live/{NAME}"
        text = text.replace(f"{live}/fullchain.pem", str(self.chain))
        text = text.replace(f"{live}/privkey.pem", str(self.key))
        (self.folder / "site.conf").write_text(text)
        (self.folder / "nginx.conf").write_text(self._main())

    def _main(self) -> str:
        paths = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        temporary = "".join(f"{name}_temp_path {self.folder}/{name};" for name in paths)
        return (
            f"daemon off; master_process off; pid {self.folder}/pid; error_log stderr warn;"
            f"events {{}} http {{ access_log off; {temporary} include {self.folder}/site.conf; }}"
        )

    @property
    def command(self) -> list[str]:
        path = f"{os.environ['PATH']}:/usr/sbin"
        found = next(f"{p}/nginx" for p in path.split(":") if Path(p, "nginx").exists())
        return [found, "-e", "stderr", "-p", str(self.folder), "-c", f"{self.folder}/nginx.conf"]

    def listens(self) -> bool:
        """Return whether it accepts connections."""
        with suppress(OSError):
            self.tls().close()
            return True
        return False

    def tls(self) -> ssl.SSLSocket:
        """Connect over TLS, and trust only the certificate of the test."""
        context = ssl.create_default_context(cafile=str(self.chain))
        plain = socket.create_connection(("127.0.0.1", self.https), 20, (CLIENT, 0))
        return context.wrap_socket(plain, server_hostname=NAME)

    def get(self, path: str, **headers: str) -> HTTPResponse:
        """Make one request over TLS, and read the answer."""
        connection = HTTPSConnection(NAME)
        connection.sock = self.tls()
        return ask(connection, path, **headers)

    def get_plain(self, path: str) -> HTTPResponse:
        """Make one request without TLS."""
        return ask(HTTPConnection("127.0.0.1", self.http, timeout=20), path, Host=NAME)


class ComposeNginx(Nginx):
    """The nginx of a project's Compose files, without Docker around it."""

    def _write(self, site: str, service: int) -> None:
        changes = {
            "user nginx;": "daemon off; master_process off;",
            " /tmp/": f" {self.folder}/",
            "/run/secrets/tls-certificate": str(self.chain),
            "/run/secrets/tls-key": str(self.key),
            "listen 8080 ": f"listen 127.0.0.1:{self.http} ",
            "listen 127.0.0.1:8081": f"listen 127.0.0.1:{reserved_port()}",
            "listen 8443 ": f"listen 127.0.0.1:{self.https} ",
            "http://app:8000": f"http://127.0.0.1:{service}",
        }
        for old, new in changes.items():
            assert old in site
            site = site.replace(old, new)
        (self.folder / "nginx.conf").write_text(site)


def ask(connection: HTTPConnection, path: str, **headers: str) -> HTTPResponse:
    connection.request("GET", path, headers={n.replace("_", "-"): v for n, v in headers.items()})
    response = connection.getresponse()
    response.body = response.read()  # ty: ignore[missing-attribute]
    connection.close()
    return response


def echo(connection: ssl.SSLSocket, text: bytes, upgrade: str = "websocket") -> bytes:
    """Send a message on a WebSocket (RFC 6455), and return the reply."""
    lines = [
        "GET /echo HTTP/1.1",
        f"Host: {NAME}",
        f"Upgrade: {upgrade}",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    with connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        stream = connection.makefile("rb")
        assert stream.readline().startswith(b"HTTP/1.1 101 ")
        while stream.readline() != b"\r\n":
            pass
        connection.sendall(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)
        return stream.read(2 + len(text))[2:]


def install(project: Path) -> None:
    """Install the service's dependencies as its documentation says."""
    environment = os.environ | {"UV_PYTHON": sys.executable}
    command = [str(Path(sys.executable).parent / "uv"), "sync", "--quiet", "--no-dev"]
    subprocess.run(command, cwd=project, env=environment, check=True)
