"""Files over HTTP: uploads as multipart forms, and downloads of a range."""

import re
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any, TypeAlias

from fastapi import HTTPException
from fastapi.exceptions import RequestValidationError
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect

from app.core.exceptions import AppError
from app.core.state import Request
from app.services.upload import IncomingFile

# What the headers and the boundary of a part may take.
PART_OVERHEAD_BYTES = 64 * 1024
SINGLE_RANGE = re.compile(r"bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)
BINARY = {"type": "string", "format": "binary"}
# The parameters of a part's Content-Disposition, a piece of its content, or None at its end.
Event: TypeAlias = "dict[bytes, bytes] | bytes | None"


class InvalidFormError(AppError):
    """The form has not the parts that it should have."""

    status = 422
    code = "validation_error"
    detail = "Send a form (multipart/form-data) with files in the part of the right name."


def form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Document the form of an endpoint that reads the body itself."""
    body = {"type": "object", "properties": {name: schema}, "required": [name]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}}}


async def incoming_files(
    request: Request, name: str, max_files: int
) -> AsyncGenerator[IncomingFile, None]:
    """Yield the files of a form, each before its content is received. Read one after the other."""
    max_bytes = request.app.state.storage_settings.upload_max_bytes
    request.state.body_limit = max_files * (max_bytes + PART_OVERHEAD_BYTES)
    count = 0
    events = form_events(request)
    async for part in events:
        if not isinstance(part, dict):
            continue  # the rest of a file that was not read to its end
        count += 1
        if (field := decode(part.get(b"name", b""))) != name:
            raise invalid(field, "Extra inputs are not permitted", "extra_forbidden")
        if not part.get(b"filename"):
            raise invalid(name, "Send a file, with its name", "file_expected")
        if count > max_files:
            raise invalid(name, f"Send no more than {max_files}", "too_long")
        yield IncomingFile(decode(part[b"filename"]), content(events))
    if count == 0:
        raise invalid(name, "Field required", "missing")


async def content(events: AsyncIterator[Event]) -> AsyncGenerator[bytes, None]:
    """Yield the content of the part that has begun."""
    while isinstance(piece := await anext(events, None), bytes):
        yield piece


async def form_events(request: Request) -> AsyncGenerator[Event, None]:
    """Parse the body while it is received; no events if it is of another type.

    Raises 400 if the form is malformed or incomplete.
    """
    media_type, options = parse_options_header(request.headers.get("content-type"))
    if media_type != b"multipart/form-data":
        return
    try:
        parser = FormParser(options[b"boundary"])
        async for chunk in request.stream():
            parser.write(chunk)
            while parser.events:
                yield parser.events.popleft()
        parser.finalize()
    except (FormParserError, KeyError, ClientDisconnect):
        raise HTTPException(400) from None


class FormParser(MultipartParser):
    """Collects the events of a form."""

    def __init__(self, boundary: bytes) -> None:
        self.events: deque[Event] = deque()
        self.field = self.value = self.disposition = b""
        self.complete = False
        super().__init__(boundary)

    def callback(
        self, name: str, data: bytes | None = None, start: int | None = None, end: int | None = None
    ) -> None:
        """Handle a callback of the parser."""
        piece = data[start:end] if data is not None else b""
        match name:
            case "header_field":
                self.field += piece
            case "header_value":
                self.value += piece
            case "header_end":
                if self.field.lower() == b"content-disposition":
                    self.disposition = self.value
                self.field = self.value = b""
            case "headers_finished":
                self.events.append(parse_options_header(self.disposition)[1])
                self.disposition = b""
            case "part_data" if piece:
                self.events.append(piece)
            case "part_end":
                self.events.append(None)
            case "end":
                self.complete = True

    def finalize(self) -> None:
        """Raise `FormParserError` if the closing boundary is missing: the file would be cut."""
        if not self.complete:
            raise FormParserError


def decode(raw: bytes) -> str:
    """Decode a name; some clients do not send UTF-8."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def invalid(name: str, message: str, type: str) -> RequestValidationError:
    """Make the validation error of a part, as FastAPI would."""
    return RequestValidationError([{"loc": ("body", name), "msg": message, "type": type}])


class RangeNotSatisfiableError(AppError):
    """The range begins after the end of the file."""

    status = 416
    code = "range_not_satisfiable"
    detail = "The range lies outside of the file."


def requested_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the first byte and the one after the last; None for the whole file.

    Several ranges, and invalid ones, get the whole file, as the RFC allows.
    """
    found = SINGLE_RANGE.fullmatch(header or "")
    first, last = found.groups() if found else ("", "")
    if not (first or last) or (first and last and int(last) < int(first)):
        return None
    start = int(first) if first else max(size - int(last), 0)
    if start >= size:
        raise RangeNotSatisfiableError(headers={"Content-Range": f"bytes */{size}"})
    return start, min(int(last) + 1, size) if first and last else size
