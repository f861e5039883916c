"""Reading multipart/form-data (RFC 7578) while it arrives.

FastAPI's `UploadFile` would first put the whole body on a disk, whatever its size, and only then
call the endpoint.
"""

from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from fastapi import HTTPException, Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect


@dataclass(frozen=True, slots=True)
class Part:
    """One part. `filename` is None for an ordinary form field."""

    name: str
    filename: str | None
    pieces: AsyncIterator[bytes]


async def parts(request: Request) -> AsyncGenerator[Part, None]:
    """Yield the parts, each before its content has come; none if the body is of another type.

    Read the pieces of a part before you ask for the next. Raises 400 if the body breaks off or
    is malformed.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind != b"multipart/form-data":
        return
    try:
        reader = _Reader(request, options[b"boundary"])
    except (FormParserError, KeyError):
        raise HTTPException(400) from None
    while (options := await reader.next()) is not None:
        if isinstance(options, dict):
            name, filename = options.get(b"name", b""), options.get(b"filename")
            yield Part(_text(name), None if filename is None else _text(filename), reader.pieces())


class _Reader:
    """Turns the parser's calls into a queue that never holds more than one piece of the body."""

    def __init__(self, request: Request, boundary: bytes) -> None:
        self.stream = request.stream()
        # The options of a part's Content-Disposition, the pieces of its content, and an empty one.
        self.queue: deque[dict[bytes, bytes] | bytes] = deque()
        self.field = self.value = self.disposition = b""
        self.complete = False
        self.parser = MultipartParser(
            boundary,
            {
                "on_header_field": self._add_to_field,
                "on_header_value": self._add_to_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_part,
                "on_part_data": lambda data, start, end: self.queue.append(data[start:end]),
                "on_part_end": lambda: self.queue.append(b""),
                "on_end": self._end,
            },
        )

    async def next(self) -> dict[bytes, bytes] | bytes | None:
        """Take from the queue; None when the body has ended as it should."""
        while not self.queue:
            try:
                piece = await anext(self.stream, None)
                if piece is not None:
                    self.parser.write(piece)
                elif self.complete:
                    return None
                else:  # the parser does not mind, but the file would be cut
                    raise HTTPException(400)
            except (FormParserError, ClientDisconnect):
                raise HTTPException(400) from None
        return self.queue.popleft()

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the content of the part that has begun."""
        while isinstance(piece := await self.next(), bytes) and piece:
            yield piece

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self.field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def _end_header(self) -> None:
        if self.field.lower() == b"content-disposition":
            self.disposition = self.value
        self.field = self.value = b""

    def _begin_part(self) -> None:
        _, options = parse_options_header(self.disposition)
        self.queue.append(options)
        self.disposition = b""

    def _end(self) -> None:
        self.complete = True


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
