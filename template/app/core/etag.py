"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1)."""

from dataclasses import dataclass


def etag(version: int | str) -> str:
    """The strong tag of a version."""
    return f'"{version}"'


@dataclass(frozen=True, slots=True)
class Precondition:
    """The `If-Match` header, or None if it was not sent."""

    if_match: str | None = None

    def allows(self, version: int) -> bool:
        """Whether the header names the version. Weak tags never match."""
        return self.if_match is None or _names(self.if_match, etag(version))


def not_modified(if_none_match: str | None, version: int | str) -> bool:
    """Whether the caller's copy is this version. Weak tags match, as RFC 9110 §13.1.2 says."""
    return if_none_match is not None and _names(if_none_match.replace("W/", ""), etag(version))


def _names(header: str, tag: str) -> bool:
    tags = [part.strip() for part in header.split(",")]
    return tag in tags or tags == ["*"]
