"""Looking at a file while it passes by: its size, its hash, and whether it is what it says."""

import codecs
from collections.abc import Collection
from hashlib import sha256
from pathlib import PurePosixPath

from app.core.exceptions import AppError
from app.storage.types import BINARY, MARKUP, TYPES


class UnsupportedTypeError(AppError):
    """The file is of a type that is not taken, or not of the type that its name says."""

    status = 415
    code = "unsupported_media_type"
    detail = "Files of this type are not accepted, or the content is not what the name says."


class UnreadableTextError(UnsupportedTypeError):
    """The file is text by its name, and in another encoding or not text at all."""

    detail = "Text must be in UTF-8, without control characters. Excel calls that CSV UTF-8."


class FileTooLargeError(AppError):
    """The file is larger than `UPLOAD_MAX_BYTES`."""

    status = 413
    code = "payload_too_large"
    detail = "The file is larger than this service accepts."


class Inspection:
    """One file. Feed it the content in blocks, the first of at least 16 bytes if there are any.

    Raises as soon as the file cannot be taken (OWASP ASVS 5.2.2: by its name and by its content).
    """

    def __init__(self, filename: str, allowed: Collection[str], max_bytes: int) -> None:
        suffix = PurePosixPath(filename).suffix.lower()
        found = (name for name in allowed if suffix in TYPES[name].suffixes)
        self.content_type = next(found, "")
        if not self.content_type:
            raise UnsupportedTypeError
        self.max_bytes = max_bytes
        self.size = 0
        self._hash = sha256()
        self._is_text = TYPES[self.content_type].signature is None
        self._decode = codecs.getincrementaldecoder("utf-8")().decode

    @property
    def sha256(self) -> str:
        """The hash of what has passed."""
        return self._hash.hexdigest()

    def feed(self, block: bytes) -> None:
        """Look at the next block. It takes a while: not for the event loop."""
        if self.size == 0:
            self._look_at(block)
        self.size += len(block)
        if self.size > self.max_bytes:
            raise FileTooLargeError
        if self._is_text:
            self._read(block)
        self._hash.update(block)

    def finish(self) -> None:
        """Take the end of the file for what it is."""
        if self._is_text:
            self._read(b"", final=True)
        elif self.size == 0:
            raise UnsupportedTypeError

    def _look_at(self, head: bytes) -> None:
        if self._is_text:
            fits = not MARKUP.match(head) and not any(kind.begins(head) for kind in TYPES.values())
        else:
            fits = TYPES[self.content_type].begins(head)
        if not fits:
            raise UnsupportedTypeError

    def _read(self, block: bytes, *, final: bool = False) -> None:
        try:
            self._decode(block, final)
        except UnicodeDecodeError:
            raise UnreadableTextError from None
        if BINARY.search(block):
            raise UnreadableTextError
