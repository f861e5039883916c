"""API keys as text: `<service>_<id>_<secret><checksum>`, which scanners for secrets can find.

The id is 32 hexadecimal digits, the secret 64 (256 random bits), the checksum 8: the CRC-32 of all
that is before it (RFC 1952 §8).
"""

import re
import secrets
from uuid import UUID
from zlib import crc32

from app.core.project import PROJECT

SECRET_BYTES = 32
# The service's name may change, so any is accepted.
KEY = re.compile(r"([!-~]+_([0-9a-f]{32})_[0-9a-f]{64})([0-9a-f]{8})")


def key_prefix(id: UUID) -> str:
    """Return how the key with this id begins. It is not secret."""
    return f"{PROJECT.name}_{id.hex}"


def new_key(prefix: str) -> str:
    """Return a new key."""
    text = f"{prefix}_{secrets.token_hex(SECRET_BYTES)}"
    return text + checksum(text)


def key_id(token: str) -> UUID | None:
    """Return the id in a key, valid or not; None if the text is not a key."""
    found = KEY.fullmatch(token)
    return UUID(found[2]) if found and found[3] == checksum(found[1]) else None


def checksum(text: str) -> str:
    """Return the checksum at the end of a key."""
    return f"{crc32(text.encode()):08x}"
