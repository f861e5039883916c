"""Queries about one-time tokens."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import hash_token
from app.db.base import utc_now
from app.models.auth import OneTimeToken, TokenPurpose


class OneTimeTokenRepository:
    """One-time tokens: one for each user and purpose."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def store(
        self, user_id: UUID, purpose: TokenPurpose, email: str, token: str, lifetime: timedelta
    ) -> None:
        """Store a token in place of the older one. The caller has locked the user."""
        row = OneTimeToken(
            user_id=user_id,
            purpose=purpose,
            email=email,
            fingerprint=hash_token(token),
            expires_at=utc_now() + lifetime,
            used_at=None,
        )
        await self.session.merge(row)
        await self.session.flush()

    async def delete(self, user_id: UUID, purpose: TokenPurpose) -> None:
        """Delete a user's token."""
        which = (OneTimeToken.user_id == user_id) & (OneTimeToken.purpose == purpose)
        await self.session.execute(delete(OneTimeToken).where(which))

    async def owner(self, purpose: TokenPurpose, token: str) -> UUID | None:
        """Return the user of a token, valid or not."""
        which = (OneTimeToken.fingerprint == hash_token(token)) & (OneTimeToken.purpose == purpose)
        return await self.session.scalar(select(OneTimeToken.user_id).where(which))

    async def use(self, purpose: TokenPurpose, token: str) -> str | None:
        """Use a valid token up and return its address. Of parallel calls exactly one succeeds."""
        now = utc_now()
        statement = (
            update(OneTimeToken)
            .where(OneTimeToken.fingerprint == hash_token(token), OneTimeToken.purpose == purpose)
            .where(OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > now)
            .values(used_at=now)
            .returning(OneTimeToken.email)
        )
        return await self.session.scalar(statement)
