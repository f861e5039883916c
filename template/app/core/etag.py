"""Entity tags and conditional requests (RFC 9110 §8.8.3, §13.1)."""


def etag(version: int | str) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


def precondition_holds(if_match: str | None, version: int) -> bool:
    """Whether `If-Match`, if it was sent, names this version. Weak tags never match."""
    return if_match is None or _names(if_match, etag(version))


def not_modified(if_none_match: str | None, version: int | str) -> bool:
    """Whether `If-None-Match` names this version. Weak tags match (RFC 9110 §13.1.2)."""
    return if_none_match is not None and _names(if_none_match.replace("W/", ""), etag(version))


def _names(header: str, tag: str) -> bool:
    tags = [part.strip() for part in header.split(",")]
    return tag in tags or tags == ["*"]
