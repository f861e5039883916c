"""Checks whether a port is free."""

import errno
import socket
from socket import SOCK_STREAM


def check_port(host: str, port: int) -> None:
    """Raise `ValueError`, which says what to do, if no server can listen there.

    Servers fail later, with a long traceback.
    """
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(host, port, type=SOCK_STREAM)
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = f"set PORT to another, such as PORT={port + 1}, or stop what listens there"
            raise ValueError(f"PORT: {port} on {host} is in use; {free}") from None
        raise ValueError(f"HOST, PORT: {host}:{port}: {error.strerror}") from None
