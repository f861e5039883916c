"""Names of files: the caller's, which only people read, and those that the storage knows."""

import re
import unicodedata
from pathlib import PurePosixPath
from urllib.parse import quote
from uuid import UUID

LONGEST = 150
FOLDER = "files/"
INCOMING = "incoming/"
JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner
# One that has no letter or sign beyond ASCII on both sides joins nothing.
NO_JOINER = re.compile(
    f"(?<![^\\x00-\\x7f{JOINERS}])[{JOINERS}]|[{JOINERS}](?![^\\x00-\\x7f{JOINERS}])"
)


def display_name(sent: str) -> str:
    """Make a harmless name of what the caller sent; empty, if nothing is left of it.

    No folders, and no characters that nobody sees or that turn the line around (NUL, controls,
    right-to-left overrides): what the name ends in is what a person takes the file for. Joiners
    stay between letters that they shape, as in Persian, and between the parts of an emoji.
    """
    last = re.split(r"[/\\]", sent)[-1]
    shown = (char for char in unicodedata.normalize("NFC", last) if _is_visible(char))
    name = NO_JOINER.sub("", "".join(shown)).strip(" .")
    suffix = PurePosixPath(name).suffix[:LONGEST]
    return (
        name
        if len(name) <= LONGEST
        else name[: LONGEST - len(suffix)].rstrip(f" .{JOINERS}") + suffix
    )


def _is_visible(char: str) -> bool:
    return char in f" {JOINERS}" or unicodedata.category(char)[0] not in "CZ"


def attachment(filename: str) -> str:
    """Say that a file is to be saved, and as what (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def key_of(id: UUID) -> str:
    """Where the bytes of a file are. Nothing of the caller's is part of it."""
    return f"{FOLDER}{id}"


def id_of(key: str) -> UUID | None:
    """Which file the bytes belong to; None, if they are not ours."""
    try:
        found = UUID(key.removeprefix(FOLDER))
    except ValueError:
        return None
    return found if key == key_of(found) else None
