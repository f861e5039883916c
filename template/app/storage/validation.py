"""Uploads: their names and storage keys, and validating them while they are streamed."""

import codecs
import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from hashlib import sha256
from pathlib import PurePosixPath
from uuid import UUID

from app.core.exceptions import AppError

MAX_NAME_LENGTH = 150
FILES_PREFIX = "files/"
INCOMING_PREFIX = "incoming/"
JOINERS = "\u200c\u200d"  # zero width non-joiner and joiner
# A joiner without a non-ASCII character on both sides joins nothing.
NO_JOINER = re.compile(
    f"(?<![^\\x00-\\x7f{JOINERS}])[{JOINERS}]|[{JOINERS}](?![^\\x00-\\x7f{JOINERS}])"
)


@dataclass(frozen=True, slots=True)
class FileType:
    """How a type is detected. Without a signature it is text in UTF-8."""

    suffixes: tuple[str, ...]
    signature: bytes | None = None

    def matches(self, head: bytes) -> bool:
        """Return whether the content starts with the signature."""
        return self.signature is not None and re.match(self.signature, head, re.DOTALL) is not None


ZIP = rb"PK(\x03\x04|\x05\x06)"
OFFICE = "application/vnd.openxmlformats-officedocument"
# The types a project may allow. HTML and SVG are left out on purpose: they carry scripts.
FILE_TYPES = {
    "application/json": FileType((".json",)),
    "application/pdf": FileType((".pdf",), rb"%PDF-"),
    f"{OFFICE}.spreadsheetml.sheet": FileType((".xlsx",), ZIP),
    f"{OFFICE}.wordprocessingml.document": FileType((".docx",), ZIP),
    "application/zip": FileType((".zip",), ZIP),
    "image/gif": FileType((".gif",), rb"GIF8[79]a"),
    "image/jpeg": FileType((".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp"), rb"\xff\xd8\xff"),
    "image/png": FileType((".png",), rb"\x89PNG\r\n\x1a\n"),
    "image/webp": FileType((".webp",), rb"RIFF.{4}WEBP"),
    "text/csv": FileType((".csv",)),
    "text/markdown": FileType((".md", ".markdown")),
    "text/plain": FileType((".txt",)),
    "video/mp4": FileType((".mp4",), rb".{4}ftyp"),
}
# A browser that ignores `nosniff` would take this for a page (WHATWG MIME Sniffing §7.1).
# Other text may begin with `<` too.
TAGS = rb"a|b|body|br|div|font|h1|head|html|iframe|p|script|style|svg|table|title|!doctype html"
MARKUP = re.compile(rb"(\xef\xbb\xbf)?\s*<(?:!--|\?xml|(?:" + TAGS + rb")[\s/>])", re.IGNORECASE)
# All but tab, line feed, form feed, carriage return and escape.
CONTROL_CHARACTERS = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class UnsupportedTypeError(AppError):
    """The type is not allowed, or the content is not of the type that the name says."""

    status = 415
    code = "unsupported_media_type"
    detail = "Files of this type are not accepted, or the content is not what the name says."


class UnreadableTextError(UnsupportedTypeError):
    """The file is text by its name, but in another encoding or not text at all."""

    detail = "Text must be in UTF-8, without control characters. Excel calls that CSV UTF-8."


class FileTooLargeError(AppError):
    """The file is larger than `UPLOAD_MAX_BYTES`."""

    status = 413
    code = "payload_too_large"
    detail = "The file is larger than this service accepts."


class UploadValidator:
    """Validates one file. Feed it blocks, the first of at least 16 bytes if there are as many.

    Raises as soon as the file is refused (OWASP ASVS 5.2.2: by its name and by its content).
    """

    def __init__(self, filename: str, allowed: Collection[str], max_bytes: int) -> None:
        suffix = PurePosixPath(filename).suffix.lower()
        found = (name for name in allowed if suffix in FILE_TYPES[name].suffixes)
        self.content_type = next(found, "")
        if not self.content_type:
            raise UnsupportedTypeError
        self.max_bytes = max_bytes
        self.size = 0
        self._hash = sha256()
        self._is_text = FILE_TYPES[self.content_type].signature is None
        self._decode = codecs.getincrementaldecoder("utf-8")().decode

    @property
    def sha256(self) -> str:
        """The hash of the content so far."""
        return self._hash.hexdigest()

    def feed(self, block: bytes) -> None:
        """Validate the next block. Too slow for the event loop."""
        if self.size == 0:
            self._check_head(block)
        self.size += len(block)
        if self.size > self.max_bytes:
            raise FileTooLargeError
        if self._is_text:
            self._check_text(block)
        self._hash.update(block)

    def finish(self) -> None:
        """Validate the end of the file."""
        if self._is_text:
            self._check_text(b"", final=True)
        elif self.size == 0:
            raise UnsupportedTypeError

    def _check_head(self, head: bytes) -> None:
        if self._is_text:
            binary = any(file_type.matches(head) for file_type in FILE_TYPES.values())
            valid = not binary and not MARKUP.match(head)
        else:
            valid = FILE_TYPES[self.content_type].matches(head)
        if not valid:
            raise UnsupportedTypeError

    def _check_text(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._decode(block, final)
        except UnicodeDecodeError:
            raise UnreadableTextError from None
        if CONTROL_CHARACTERS.search(block):
            raise UnreadableTextError


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
