"""Login sessions and the tokens that belong to users."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db.base import Base, HasId, utc_now
from app.db.types import Timestamp

MAX_USER_AGENT_LENGTH = 200
MAX_ADDRESS_LENGTH = 45  # of an IPv6 address


class UserAccess(HasId):
    """Access to a user's account. `last_used_at` is right to a minute; None: not used yet."""

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime] = mapped_column(Timestamp, default=utc_now)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    last_used_at: Mapped[datetime | None] = mapped_column(Timestamp)


class LoginSession(UserAccess, Base):
    """A login on one device. Every access token names its session, which can be revoked."""

    __tablename__ = "login_sessions"

    revoked_at: Mapped[datetime | None] = mapped_column(Timestamp)
    user_agent: Mapped[str | None] = mapped_column(String(MAX_USER_AGENT_LENGTH))
    address: Mapped[str | None] = mapped_column(String(MAX_ADDRESS_LENGTH))


class RefreshToken(Base):
    """The hash of a refresh token. Used ones are kept to detect reuse (RFC 9700 §4.14.2)."""

    __tablename__ = "refresh_tokens"

    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    session_id: Mapped[UUID] = mapped_column(
        ForeignKey("login_sessions.id", ondelete="CASCADE"), index=True
    )
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    used_at: Mapped[datetime | None] = mapped_column(Timestamp)


class TokenPurpose(StrEnum):
    """What a one-time token is good for."""

    PASSWORD_RESET = "password_reset"  # noqa: S105  (a purpose, not a password)
    EMAIL_VERIFICATION = "email_verification"
    # Mailed to no address: stored so that registering a known address takes as long.
    ACCOUNT_EXISTS = "account_exists"


class OneTimeToken(Base):
    """The hash of a user's newest token for a purpose; it replaces the one before.

    It was mailed to `email`, and is good for no other address.
    """

    __tablename__ = "one_time_tokens"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    )
    purpose: Mapped[str] = mapped_column(String(20), primary_key=True)
    email: Mapped[str] = mapped_column(String(254))
    fingerprint: Mapped[str] = mapped_column(String(64), unique=True)
    expires_at: Mapped[datetime] = mapped_column(Timestamp)
    used_at: Mapped[datetime | None] = mapped_column(Timestamp)
