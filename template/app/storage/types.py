"""What files may be: their types by the end of their name and by what is in them."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FileType:
    """How a type is told. Without a signature it is text in UTF-8."""

    suffixes: tuple[str, ...]
    signature: bytes | None = None

    def begins(self, head: bytes) -> bool:
        """Whether the content begins as the type does."""
        return self.signature is not None and re.match(self.signature, head, re.DOTALL) is not None


ZIP = rb"PK(\x03\x04|\x05\x06)"
OFFICE = "application/vnd.openxmlformats-officedocument"
# The types a project may allow. HTML and SVG are left out on purpose: they carry scripts.
TYPES = {
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
BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
