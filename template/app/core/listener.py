"""Closing the door without shutting it in anybody's face.

A listener that is closed resets every connection that waits to be accepted, and a server that stops
closes those whose request has not arrived yet. So first no new connection is let in; when all who
are inside have been served, there is nobody left to be reset. Who knocks meanwhile knocks again
after a second, and finds the next process, or a closed port.
"""

import os
import socket
import struct
import sys
from array import array
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

# From asm-generic/socket.h; Python does not name it.
SO_ATTACH_FILTER = 26
# A packet filter: load the TCP flags; if SYN is set drop the packet, else take all of it.
INSTRUCTIONS = ((0x30, 0, 0, 13), (0x45, 0, 1, 0x02), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFFFFFF))
FILTER = b"".join(struct.pack("HBBI", *instruction) for instruction in INSTRUCTIONS)


def turn_deaf() -> None:
    """Let no new connection in on the listeners that end with this process.

    Where this is impossible, as on other systems than Linux, nothing happens.
    """
    for listener in own_listeners():
        with closing(listener), suppress(OSError):
            code = array("B", FILTER)
            program = struct.pack("HL", len(INSTRUCTIONS), code.buffer_info()[0])
            listener.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


def own_listeners() -> Iterator[socket.socket]:
    """Find the TCP listeners of this process that its parent does not have, or has let go of.

    A parent that keeps one will go on with other processes, and so does systemd.
    """
    if sys.platform != "linux" or "LISTEN_FDS" in os.environ:
        return
    others = sockets_of(os.getppid()).values()
    for number, name in sockets_of(os.getpid()).items():
        if name not in others:
            with suppress(OSError):
                found = socket.socket(fileno=os.dup(number))
                if found.family in {socket.AF_INET, socket.AF_INET6} and is_listening(found):
                    yield found
                else:
                    found.close()


def is_listening(candidate: socket.socket) -> bool:
    """Whether it is there to accept connections."""
    return bool(candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


def sockets_of(process: int) -> dict[int, str]:
    """The names that the kernel gives to a process's sockets, by their numbers."""
    found: dict[int, str] = {}
    with suppress(OSError):
        for entry in Path(f"/proc/{process}/fd").iterdir():
            with suppress(OSError):
                name = str(entry.readlink())
                if name.startswith("socket:"):
                    found[int(entry.name)] = name
    return found
