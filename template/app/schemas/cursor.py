"""Keyset pagination: an opaque cursor is the id of the last row of the page before."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Annotated, Any, Generic, Self, TypeVar
from uuid import UUID
from zlib import crc32

from pydantic import BaseModel, Field

from app.core.exceptions import AppError
from app.schemas.pagination import ListQuery

T = TypeVar("T")

ID_BYTES = 16


class InvalidCursorError(AppError):
    """The cursor is damaged, or of another list."""

    status = 400
    code = "bad_request"
    detail = "The cursor is not one that this list has given out."


class CursorQuery(ListQuery):
    """The query parameters of a list with cursors."""

    cursor: Annotated[
        str, Field(description="The `next_cursor` of the page before; empty for the first page")
    ] = ""


class CursorPage(BaseModel, Generic[T]):
    """A part of a list. Ask for the next with `next_cursor`; there is none if it is null."""

    items: list[T]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor`, unchanged", examples=["AZjFpG8OfDudUSt8jk8aYJ3c1VY"]
        ),
    ]

    @classmethod
    def of(cls, list_name: str, rows: Sequence[Any], size: int) -> Self:
        """Turn database rows into a page. One row more than `size` says that a page follows."""
        last = rows[size - 1] if len(rows) > size else None
        next_cursor = encode(list_name, last.id) if last else None
        page = {"items": rows[:size], "next_cursor": next_cursor}
        return cls.model_validate(page, from_attributes=True)


def encode(list_name: str, id: UUID) -> str:
    """Make the cursor of a row. The checksum finds damaged cursors, and those of other lists."""
    checksum = crc32(list_name.encode() + id.bytes)
    return urlsafe_b64encode(id.bytes + checksum.to_bytes(4)).decode().rstrip("=")


def decode(list_name: str, cursor: str) -> UUID:
    """Return the id in a cursor, or raise `InvalidCursorError`.

    The whole text is compared, because several texts are the same bytes in base64.
    """
    try:
        found = UUID(bytes=urlsafe_b64decode(f"{cursor}=")[:ID_BYTES])
    except ValueError:
        raise InvalidCursorError from None
    if cursor != encode(list_name, found):
        raise InvalidCursorError
    return found
