"""Queries about login sessions, refresh tokens and password resets."""

from datetime import timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, delete, inspect, select, true, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import hash_token
from app.db.base import utc_now
from app.db.session import fetch, only_reads
from app.models.auth import LoginSession, PasswordReset, RefreshToken
from app.models.user import User

# Executed by every request, so the statement is built once.
ACTIVE_USER = (
    select(User)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(LoginSession.id == bindparam("session_id"), User.id == bindparam("user_id"))
    .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > bindparam("now"))
    .where(User.is_active)
)


@cache
def active_user_columns() -> Select[Any]:
    """Return the same statement for columns. Later: models may add attributes to the user."""
    names = inspect(User).column_attrs.keys()
    return ACTIVE_USER.with_only_columns(*(getattr(User, name).label(name) for name in names))


class SessionRepository:
    """Login sessions and their refresh tokens."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def active_user(self, session_id: UUID, user_id: UUID) -> User | None:
        """Return the active user of a session that has not ended, in one query.

        For a request that only reads, the user is no entity of its session, which costs as much.
        """
        values = {"session_id": session_id, "user_id": user_id, "now": utc_now()}
        if not only_reads(self.session):
            return await self.session.scalar(ACTIVE_USER, values)
        rows = await fetch(self.session, active_user_columns(), values)
        return User(**rows[0]._mapping) if rows else None

    async def open(self, user_id: UUID, lifetime: timedelta) -> LoginSession:
        """Add a session, and delete the user's expired ones."""
        now = utc_now()
        expired = (LoginSession.user_id == user_id) & (LoginSession.expires_at < now)
        await self.session.execute(delete(LoginSession).where(expired))
        login = LoginSession(user_id=user_id, expires_at=now + lifetime)
        self.session.add(login)
        await self.session.flush()
        return login

    async def add_token(self, login: LoginSession, token: str, lifetime: timedelta) -> None:
        """Store a refresh token, which never outlives its session."""
        expires_at = min(utc_now() + lifetime, login.expires_at)
        self.session.add(
            RefreshToken(fingerprint=hash_token(token), session_id=login.id, expires_at=expires_at)
        )
        await self.session.flush()

    async def use_token(self, token: str) -> bool:
        """Mark a token as used. Of parallel calls exactly one returns True."""
        statement = (
            update(RefreshToken)
            .where(RefreshToken.fingerprint == hash_token(token), RefreshToken.used_at.is_(None))
            .values(used_at=utc_now())
            .returning(RefreshToken.fingerprint)
        )
        return await self.session.scalar(statement) is not None

    async def find_token(self, token: str) -> tuple[RefreshToken, LoginSession] | None:
        """Return a token, used or not, with its session."""
        statement = (
            select(RefreshToken, LoginSession)
            .join(LoginSession, LoginSession.id == RefreshToken.session_id)
            .where(RefreshToken.fingerprint == hash_token(token))
        )
        row = (await self.session.execute(statement)).first()
        return (row[0], row[1]) if row else None

    async def revoke(self, session_id: UUID) -> None:
        """End one session."""
        await self._revoke(LoginSession.id == session_id)

    async def revoke_all(self, user_id: UUID, but: UUID | None = None) -> None:
        """End all sessions of a user, or all `but` one."""
        kept = true() if but is None else LoginSession.id != but
        await self._revoke((LoginSession.user_id == user_id) & kept)

    async def _revoke(self, which: ColumnElement[bool]) -> None:
        statement = update(LoginSession).where(which, LoginSession.revoked_at.is_(None))
        await self.session.execute(statement.values(revoked_at=utc_now()))


class PasswordResetRepository:
    """Password reset tokens: one for each user."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def store(self, user_id: UUID, token: str, lifetime: timedelta) -> None:
        """Store a token in place of the user's older one."""
        reset = PasswordReset(
            user_id=user_id, fingerprint=hash_token(token), expires_at=utc_now() + lifetime
        )
        await self.session.merge(reset)
        await self.session.flush()

    async def delete(self, user_id: UUID) -> None:
        """Delete the user's token."""
        await self.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))

    async def use(self, token: str) -> UUID | None:
        """Delete a valid token and return its user. Of parallel calls exactly one succeeds."""
        statement = (
            delete(PasswordReset)
            .where(PasswordReset.fingerprint == hash_token(token))
            .where(PasswordReset.expires_at > utc_now())
            .returning(PasswordReset.user_id)
        )
        return await self.session.scalar(statement)
