"""Access tokens, and random tokens for refresh and password reset.

Access tokens are short-lived JWTs (RFC 7519) of one type (RFC 9068) and algorithm (RFC 8725).
"""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import jwt

from app.core.exceptions import BearerTokenError

ALGORITHM = "HS256"
TYPE = "at+jwt"
# How far the clock of the machine that issued a token may be ahead of this one's.
LEEWAY = timedelta(seconds=5)
REQUIRED_CLAIMS = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
# Verified tokens that are kept, of about 1 KB each.
MAX_VERIFIED = 10_000
RANDOM_TOKEN_BYTES = 32


class TokenInvalidError(BearerTokenError):
    """Not an access token of this service."""

    code = "token_invalid"
    detail = "The access token is not valid."


class TokenExpiredError(BearerTokenError):
    """The token has expired."""

    code = "token_expired"
    detail = "The access token has expired. Refresh it."


class TokenRevokedError(BearerTokenError):
    """The session has ended, or the user is disabled or gone."""

    code = "token_revoked"
    detail = "The session has ended. Log in again."


@dataclass(frozen=True, slots=True)
class Claims:
    """The user and the session of a token, and when it expires."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime


class AccessTokens:
    """Issues and verifies access tokens. Signs with the first key, accepts all of them."""

    def __init__(self, keys: list[str], issuer: str, lifetime: timedelta) -> None:
        self.keys = keys
        self.issuer = issuer
        self.lifetime = lifetime
        self.verified: dict[str, Claims] = {}

    def issue(self, user_id: UUID, session_id: UUID) -> str:
        """Issue a token of a session."""
        now = datetime.now(UTC)
        payload = {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": str(user_id),
            "sid": str(session_id),
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime,
        }
        return jwt.encode(payload, self.keys[0], algorithm=ALGORITHM, headers={"typ": TYPE})

    def verify(self, token: str) -> Claims:
        """Return the claims of a token, or raise `TokenInvalidError` or `TokenExpiredError`.

        The claims are kept, since a signature that was valid stays valid. Whether the session has
        ended is for the caller to ask.
        """
        claims = self.verified.get(token)
        if claims is None:
            if len(self.verified) >= MAX_VERIFIED:
                self.verified.clear()
            claims = self.verified[token] = self._verify(token)
        if claims.expires_at <= datetime.now(UTC):  # the leeway is for `iat` only
            del self.verified[token]
            raise TokenExpiredError
        return claims

    def _verify(self, token: str) -> Claims:
        try:
            payload = self._decode(token)
            expires_at = datetime.fromtimestamp(int(payload["exp"]), UTC)
            return Claims(UUID(payload["sub"]), UUID(payload["sid"]), expires_at)
        except jwt.ExpiredSignatureError:
            raise TokenExpiredError from None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
            raise TokenInvalidError from None

    def _decode(self, token: str) -> dict[str, str]:
        for key in self.keys:
            with suppress(jwt.InvalidSignatureError):
                decoded = jwt.decode_complete(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    audience=self.issuer,
                    issuer=self.issuer,
                    leeway=LEEWAY,
                    options={"require": REQUIRED_CLAIMS},
                )
                if decoded["header"].get("typ") == TYPE:
                    return decoded["payload"]
        raise jwt.InvalidTokenError


def new_token() -> str:
    """Return a random token of 256 bits."""
    return secrets.token_urlsafe(RANDOM_TOKEN_BYTES)


def hash_token(token: str) -> str:
    """Return the hash of a random token that is stored. A fast hash is enough for 256 bits."""
    return sha256(token.encode()).hexdigest()
