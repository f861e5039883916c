"""Queries about password resets."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.opaque import fingerprint, new_token
from app.db.base import utc_now
from app.models.password_reset import PasswordReset


class PasswordResetRepository:
    """Permissions to choose a new password, in one database session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def issue(self, user_id: UUID, lifetime: timedelta) -> str:
        """Make a token; the user's older one is worth nothing from now on."""
        token = new_token()
        reset = PasswordReset(
            user_id=user_id, fingerprint=fingerprint(token), expires_at=utc_now() + lifetime
        )
        await self.session.merge(reset)
        await self.session.flush()
        return token

    async def withdraw(self, user_id: UUID) -> None:
        """Make the user's token worth nothing."""
        await self.session.execute(delete(PasswordReset).where(PasswordReset.user_id == user_id))

    async def use(self, token: str) -> UUID | None:
        """Use a token up and return its user. Of several who try at once, one succeeds."""
        statement = (
            delete(PasswordReset)
            .where(PasswordReset.fingerprint == fingerprint(token))
            .where(PasswordReset.expires_at > utc_now())
            .returning(PasswordReset.user_id)
        )
        return await self.session.scalar(statement)
