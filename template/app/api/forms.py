"""The forms that files come in: what the document says of them, and how they are read."""

from collections.abc import AsyncGenerator
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError

from app.api.multipart import parts
from app.core.exceptions import AppError
from app.services.upload import Incoming

# What the headers and the boundary of a part may take.
OVERHEAD_BYTES = 64 * 1024
BINARY = {"type": "string", "format": "binary"}


class InvalidFormError(AppError):
    """The form has not the parts that it should have."""

    status = 422
    code = "validation_error"
    detail = "Send a form (multipart/form-data) with files in the part of the right name."


def form(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Document a body that FastAPI must not read for us."""
    body = {"type": "object", "properties": {name: schema}, "required": [name]}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": body}}}}


async def incoming(request: Request, name: str, at_most: int) -> AsyncGenerator[Incoming, None]:
    """Yield the files of a form that has nothing else in it."""
    limit: int = request.app.state.storage_settings.upload_max_bytes
    request.state.body_limit = at_most * (limit + OVERHEAD_BYTES)
    count = 0
    async for part in parts(request):
        count += 1
        if part.name != name:
            raise invalid(part.name, "Extra inputs are not permitted", "extra_forbidden")
        if not part.filename:
            raise invalid(name, "Send a file, with its name", "file_expected")
        if count > at_most:
            raise invalid(name, f"Send no more than {at_most}", "too_long")
        yield Incoming(part.filename, part.pieces)
    if count == 0:
        raise invalid(name, "Field required", "missing")


def invalid(name: str, message: str, type: str) -> RequestValidationError:
    """Say what is wrong with a part, as FastAPI would."""
    return RequestValidationError([{"loc": ("body", name), "msg": message, "type": type}])
