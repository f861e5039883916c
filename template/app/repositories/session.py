"""Queries about logins."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.opaque import fingerprint, new_token
from app.db.base import utc_now
from app.models.session import LoginSession, RefreshToken
from app.models.user import User

# Every request asks this, so it is put together once.
ACTIVE_USER = (
    select(User)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(LoginSession.id == bindparam("session_id"), User.id == bindparam("user_id"))
    .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > bindparam("now"))
    .where(User.is_active)
)


class SessionRepository:
    """Login sessions and their refresh tokens, in one database session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def user_of(self, session_id: UUID, user_id: UUID) -> User | None:
        """Find the active user of a session that has not ended, in one query."""
        values = {"session_id": session_id, "user_id": user_id, "now": utc_now()}
        return await self.session.scalar(ACTIVE_USER, values)

    async def open(self, user_id: UUID, lifetime: timedelta) -> LoginSession:
        """Begin a session, and forget the user's that are over."""
        now = utc_now()
        over = (LoginSession.user_id == user_id) & (LoginSession.expires_at < now)
        await self.session.execute(delete(LoginSession).where(over))
        login = LoginSession(user_id=user_id, expires_at=now + lifetime)
        self.session.add(login)
        await self.session.flush()
        return login

    async def add_token(self, login: LoginSession, lifetime: timedelta) -> str:
        """Make a refresh token; it never outlives its session."""
        token = new_token()
        expires_at = min(utc_now() + lifetime, login.expires_at)
        self.session.add(
            RefreshToken(fingerprint=fingerprint(token), session_id=login.id, expires_at=expires_at)
        )
        await self.session.flush()
        return token

    async def use_token(self, token: str) -> bool:
        """Use a token up. Of several who try at once, one succeeds."""
        statement = (
            update(RefreshToken)
            .where(RefreshToken.fingerprint == fingerprint(token), RefreshToken.used_at.is_(None))
            .values(used_at=utc_now())
            .returning(RefreshToken.fingerprint)
        )
        return await self.session.scalar(statement) is not None

    async def find_token(self, token: str) -> tuple[RefreshToken, LoginSession] | None:
        """Find a token, used or not, with its session."""
        statement = (
            select(RefreshToken, LoginSession)
            .join(LoginSession, LoginSession.id == RefreshToken.session_id)
            .where(RefreshToken.fingerprint == fingerprint(token))
        )
        row = (await self.session.execute(statement)).first()
        return (row[0], row[1]) if row else None

    async def revoke(self, session_id: UUID) -> None:
        """End one session."""
        await self._revoke(LoginSession.id == session_id)

    async def revoke_all(self, user_id: UUID, but: UUID | None = None) -> None:
        """End all sessions of a user, or all `but` one."""
        await self._revoke(
            LoginSession.user_id == user_id, *([LoginSession.id != but] if but else [])
        )

    async def _revoke(self, *where: ColumnElement[bool]) -> None:
        statement = update(LoginSession).where(*where, LoginSession.revoked_at.is_(None))
        await self.session.execute(statement.values(revoked_at=utc_now()))
