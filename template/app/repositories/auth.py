"""Queries about login sessions and refresh tokens."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    bindparam,
    delete,
    func,
    inspect,
    select,
    true,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from app.auth.tokens import hash_token
from app.db.base import utc_now
from app.db.session import READS, fetch
from app.models.auth import (
    MAX_ADDRESS_LENGTH,
    MAX_USER_AGENT_LENGTH,
    LoginSession,
    RefreshToken,
    UserAccess,
)
from app.models.user import User

# Executed by every request, so the statement is built once.
ACTIVE_USER = (
    select(User, LoginSession.last_used_at)
    .join(LoginSession, LoginSession.user_id == User.id)
    .where(LoginSession.id == bindparam("session_id"), User.id == bindparam("user_id"))
    .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > bindparam("now"))
    .where(User.is_active)
)
# Of one user; a script may log in for each of its calls.
MAX_SESSIONS = 1000
# Of ids in one query.
BATCH_SIZE = 500


@cache
def active_user_columns() -> Select[Any]:
    """Return the same statement for columns. Later: models may add attributes to the user."""
    names = inspect(User).column_attrs.keys()
    columns = [getattr(User, name).label(name) for name in names]
    return ACTIVE_USER.with_only_columns(LoginSession.last_used_at, *columns)


class SessionRepository:
    """Login sessions and their refresh tokens."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def active_user(
        self, session_id: UUID, user_id: UUID
    ) -> tuple[User, datetime | None] | None:
        """Return the active user of a session that has not ended, and its last use: one query.

        In a session that only reads, the user is made from columns: to load an entity would take
        twice the time.
        """
        values = {"session_id": session_id, "user_id": user_id, "now": utc_now()}
        if READS in self.session.info:
            rows = await fetch(self.session, active_user_columns(), values)
            if not rows:
                return None
            columns = dict(rows[0]._mapping)
            last_used_at = columns.pop("last_used_at")
            return User(**columns), last_used_at
        return (await self.session.execute(ACTIVE_USER, values)).first()

    async def open(
        self, user_id: UUID, lifetime: timedelta, user_agent: str = "", address: str = ""
    ) -> LoginSession:
        """Add a session; delete the user's expired ones, and the oldest of too many.

        Long texts are cut.
        """
        now = utc_now()
        owned = LoginSession.user_id == user_id
        order = (LoginSession.revoked_at.is_not(None), LoginSession.created_at.desc())
        kept = select(LoginSession.id).where(owned).order_by(*order).limit(MAX_SESSIONS - 1)
        excess = LoginSession.id.not_in(kept)
        ended = owned & ((LoginSession.expires_at < now) | excess)
        await self.session.execute(delete(LoginSession).where(ended))
        login = LoginSession(
            user_id=user_id,
            expires_at=now + lifetime,
            last_used_at=now,
            user_agent=user_agent[:MAX_USER_AGENT_LENGTH] or None,
            address=address[:MAX_ADDRESS_LENGTH] or None,
        )
        self.session.add(login)
        await self.session.flush()
        return login

    async def active(self, user_id: UUID, unused_for: timedelta) -> Sequence[LoginSession]:
        """Return the user's sessions that have not ended, newest first."""
        now = utc_now()
        last_used_at = func.coalesce(LoginSession.last_used_at, LoginSession.created_at)
        statement = (
            select(LoginSession)
            .where(LoginSession.user_id == user_id, LoginSession.revoked_at.is_(None))
            .where(LoginSession.expires_at > now, last_used_at > now - unused_for)
            .order_by(LoginSession.created_at.desc(), LoginSession.id.desc())
        )
        return (await self.session.scalars(statement)).all()

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

    async def lock_by_token(self, token: str) -> tuple[RefreshToken, LoginSession] | None:
        """Lock the session of a token, and return the token, used or not, with it."""
        statement = (
            select(RefreshToken, LoginSession)
            .join(LoginSession, LoginSession.id == RefreshToken.session_id)
            .where(RefreshToken.fingerprint == hash_token(token))
            .with_for_update(of=LoginSession)
        )
        return (await self.session.execute(statement)).first()

    async def revoke(self, session_id: UUID, user_id: UUID | None = None) -> bool:
        """End one session, if it is this user's. Returns whether it had not ended before."""
        owned = true() if user_id is None else LoginSession.user_id == user_id
        return await self._revoke((LoginSession.id == session_id) & owned)

    async def revoke_all(self, user_id: UUID, but: UUID | None = None) -> None:
        """End all sessions of a user, or all `but` one."""
        kept = true() if but is None else LoginSession.id != but
        await self._revoke((LoginSession.user_id == user_id) & kept)

    async def delete_all(self, user_id: UUID) -> None:
        """Delete all sessions of a user, and what else gives access to the account."""
        for model in UserAccess.__subclasses__():
            await self.session.execute(delete(model).where(model.user_id == user_id))

    async def _revoke(self, which: ColumnElement[bool]) -> bool:
        statement = update(LoginSession).where(which, LoginSession.revoked_at.is_(None))
        ended = statement.values(revoked_at=utc_now()).returning(LoginSession.id)
        return bool((await self.session.scalars(ended)).all())


async def find_active_sessions(session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
    """Return the ids of the sessions that have not ended and belong to an active user."""
    statement = (
        select(LoginSession.id)
        .join(User, User.id == LoginSession.user_id)
        .where(LoginSession.revoked_at.is_(None), LoginSession.expires_at > utc_now())
        .where(User.is_active)
    )
    return await find_in_batches(session, statement, LoginSession.id, ids)


async def find_in_batches(
    session: AsyncSession,
    statement: Select[UUID],
    column: InstrumentedAttribute[UUID],
    ids: Collection[UUID],
) -> set[UUID]:
    """Return what the statement selects of many ids."""
    found: set[UUID] = set()
    all_ids = list(ids)
    for start in range(0, len(all_ids), BATCH_SIZE):
        batch = all_ids[start : start + BATCH_SIZE]
        found.update(await session.scalars(statement.where(column.in_(batch))))
    return found
