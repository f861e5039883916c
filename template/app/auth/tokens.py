"""Access tokens: short-lived JWTs (RFC 7519) of one kind (RFC 9068) and algorithm (RFC 8725)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import jwt

from app.core.exceptions import BearerTokenError

ALGORITHM = "HS256"
TYPE = "at+jwt"
# How far the clock of the machine that issued a token may be ahead of this one's.
LEEWAY = timedelta(seconds=5)
CLAIMS = ("iss", "aud", "sub", "sid", "jti", "iat", "exp")


class TokenInvalidError(BearerTokenError):
    """Not a token of ours."""

    code = "token_invalid"
    detail = "The access token is not valid."


class TokenExpiredError(BearerTokenError):
    """Was a token of ours."""

    code = "token_expired"
    detail = "The access token has expired. Refresh it."


class TokenRevokedError(BearerTokenError):
    """The session has ended, or the user is disabled or gone."""

    code = "token_revoked"
    detail = "The session has ended. Log in again."


@dataclass(frozen=True, slots=True)
class Claims:
    """Whose token it is, and of which session; and until when, if it is issued already."""

    user_id: UUID
    session_id: UUID
    expires_at: datetime | None = None


class AccessTokens:
    """Signs with the first key, believes all of them."""

    def __init__(self, keys: list[str], issuer: str, lifetime: timedelta) -> None:
        self.keys = keys
        self.issuer = issuer
        self.lifetime = lifetime

    def issue(self, claims: Claims) -> str:
        """Make a token for the session."""
        now = datetime.now(UTC)
        payload = {
            "iss": self.issuer,
            "aud": self.issuer,
            "sub": str(claims.user_id),
            "sid": str(claims.session_id),
            "jti": uuid4().hex,
            "iat": now,
            "exp": now + self.lifetime,
        }
        return jwt.encode(payload, self.keys[0], algorithm=ALGORITHM, headers={"typ": TYPE})

    def verify(self, token: str) -> Claims:
        """Read a token, or raise `TokenInvalidError` or `TokenExpiredError`."""
        try:
            payload = self._decode(token)
            expires_at = datetime.fromtimestamp(int(payload["exp"]), UTC)
            claims = Claims(UUID(payload["sub"]), UUID(payload["sid"]), expires_at)
        except jwt.ExpiredSignatureError:
            raise TokenExpiredError from None
        except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError, OverflowError):
            raise TokenInvalidError from None
        if expires_at <= datetime.now(UTC):  # the leeway is not for these
            raise TokenExpiredError
        return claims

    def _decode(self, token: str) -> dict[str, str]:
        for key in self.keys[:-1]:
            try:
                return self._decode_with(key, token)
            except jwt.InvalidSignatureError:
                continue
        return self._decode_with(self.keys[-1], token)

    def _decode_with(self, key: str, token: str) -> dict[str, str]:
        decoded = jwt.decode_complete(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=self.issuer,
            issuer=self.issuer,
            leeway=LEEWAY,
            options={"require": list(CLAIMS)},
        )
        if decoded["header"].get("typ") != TYPE:
            raise jwt.InvalidTokenError
        return decoded["payload"]
