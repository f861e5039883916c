"""Random tokens that mean nothing: refresh tokens, password resets."""

import secrets
from hashlib import sha256

BYTES = 32


def new_token() -> str:
    """256 random bits."""
    return secrets.token_urlsafe(BYTES)


def fingerprint(token: str) -> str:
    """What is stored instead of the token. It is random, so a fast hash is enough."""
    return sha256(token.encode()).hexdigest()
