"""Factories of uploads."""

import os
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

from httpx2 import AsyncClient

FILES = "/api/v1/files"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4
MIB = 1024 * 1024
LIMIT = 5 * MIB
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


def part(name: str = "a.txt", content: Any = b"tea\n", field: str = "file") -> Any:
    """One part of a form."""
    return (field, (name, content, "application/octet-stream"))


async def upload(client: AsyncClient, name: str = "a.txt", content: Any = b"tea\n") -> Any:
    """Upload a file and return its metadata."""
    response = await client.post(FILES, files=[part(name, content)])
    assert response.status_code == 201, response.text
    return response.json()


def leave_orphan(root: Path, name: str, *, old: bool = True) -> Path:
    """Write bytes that belong to no file, two hours ago or now."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    if old:
        two_hours_ago = time.time() - 2 * 3600
        os.utime(path, (two_hours_ago, two_hours_ago))
    return path


class Body:
    """A form with one file, sent in pieces without Content-Length."""

    def __init__(self, pieces: int, piece: bytes = b"a" * 65536, tail: bytes = TAIL) -> None:
        self.pieces = pieces
        self.piece = piece
        self.tail = tail
        self.sent = 0

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Send it."""
        yield HEAD
        for _ in range(self.pieces):
            self.sent += len(self.piece)
            yield self.piece
        yield self.tail
