"""Cursors: marks of a place in a list, which only we can make (RFC 2104)."""

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from app.core.exceptions import AppError

T = TypeVar("T")

MAC_BYTES = 16
# The base64 of an id and its MAC, 32 bytes.
FORM = re.compile(r"[A-Za-z0-9_-]{43}")

EXAMPLE = "AZjFpG8OfDudUSt8jk8aYJ3c1VqKx0RmTgHs7uYbEwo"


class InvalidCursorError(AppError):
    """We did not make this cursor, or not for this list."""

    status = 400
    code = "bad_request"
    detail = "The cursor is not one that this list has given out."


class CursorPage(BaseModel, Generic[T]):
    """A part of a list. Ask for the next with `next_cursor`; there is none if it is null."""

    items: list[T]
    next_cursor: Annotated[
        str | None, Field(description="Send it as `cursor`, unchanged", examples=[EXAMPLE])
    ]


class Cursors:
    """Makes and reads cursors. The first key signs, the others are still believed."""

    def __init__(self, keys: Iterable[str]) -> None:
        # Keys of their own: what is signed here must never pass for anything else.
        self.keys = [hmac.digest(key.encode(), b"cursor", "sha256") for key in keys]

    def make(self, place: str, id: UUID) -> str:
        """Mark the row `id` of the list `place`."""
        return _sign(self.keys[0], place, id)

    def read(self, place: str, cursor: str) -> UUID:
        """Find which row was marked, or raise `InvalidCursorError`.

        The whole text is compared, since several texts are the same bytes in base64.
        """
        if not FORM.fullmatch(cursor):
            raise InvalidCursorError
        row = UUID(bytes=urlsafe_b64decode(f"{cursor}=")[:-MAC_BYTES])
        if not any(hmac.compare_digest(cursor, _sign(key, place, row)) for key in self.keys):
            raise InvalidCursorError
        return row


def _sign(key: bytes, place: str, id: UUID) -> str:
    mac = hmac.digest(key, place.encode() + b"\0" + id.bytes, "sha256")[:MAC_BYTES]
    return urlsafe_b64encode(id.bytes + mac).decode().rstrip("=")
