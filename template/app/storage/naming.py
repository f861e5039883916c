"""File names: the display name that the client sent, and the key in the storage."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote
from uuid import UUID

MAX_NAME_LENGTH = 150
FILES_PREFIX = "files/"
INCOMING_PREFIX = "incoming/"
JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner
# A joiner without a non-ASCII character on both sides joins nothing.
NO_JOINER = re.compile(
    f"(?<![^\\x00-\\x7f{JOINERS}])[{JOINERS}]|[{JOINERS}](?![^\\x00-\\x7f{JOINERS}])"
)


def display_name(sent: str) -> str:
    """Sanitize the name that the client sent; empty if nothing is left.

    Removes folders and invisible characters (NUL, controls, right-to-left overrides), which can
    disguise the file type. Joiners stay between letters that they shape, as in Persian, and
    between the parts of an emoji.
    """
    last = re.split(r"[/\\]", sent)[-1]
    shown = (char for char in unicodedata.normalize("NFC", last) if _is_visible(char))
    name = NO_JOINER.sub("", "".join(shown)).strip(" .")
    if len(name) <= MAX_NAME_LENGTH:
        return name
    suffix = PurePosixPath(name).suffix[:MAX_NAME_LENGTH]
    return name[: MAX_NAME_LENGTH - len(suffix)].rstrip(f" .{JOINERS}") + suffix


def _is_visible(char: str) -> bool:
    return char in f" {JOINERS}" or unicodedata.category(char)[0] not in "CZ"


def attachment(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def key_of(id: UUID) -> str:
    """Return the storage key of a file. Nothing from the client is part of it."""
    return f"{FILES_PREFIX}{id}"


def file_id_of(key: str) -> UUID | None:
    """Return the file that a key belongs to; None if it is not a key of this service."""
    try:
        found = UUID(key.removeprefix(FILES_PREFIX))
    except ValueError:
        return None
    return found if key == key_of(found) else None
