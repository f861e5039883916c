"""Changing passwords, remembered or forgotten."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.auth.state import Auth
from app.core.exceptions import AppError
from app.core.mail import Mail, Mailer
from app.models.user import User
from app.repositories.password_reset import PasswordResetRepository
from app.repositories.user import UserRepository
from app.services.user import UserService


class ResetTokenInvalidError(AppError):
    """Unknown, used, too old, or not the newest."""

    status = 400
    code = "reset_token_invalid"
    detail = "The token is not valid any more. Ask for a new mail."


class PasswordService:
    """Passwords, in the caller's transaction."""

    def __init__(self, users: UserService) -> None:
        self.users = users
        self.resets = PasswordResetRepository(users.session)

    async def change(
        self, user: User, session_id: UUID, current: str, new: str, address: str
    ) -> None:
        """Replace a password that the user knows, and end the other sessions."""
        await self.users.verify(user, current, address)
        hashed = await self._hash(new, user.email)
        await self.users.users.replace_hash(user.id, hashed)
        await self.users.logins.revoke_all(user.id, but=session_id)
        await self.resets.withdraw(user.id)

    async def reset(self, token: str, new: str) -> None:
        """Replace a forgotten password, and end all sessions."""
        user_id = await self.resets.use(token)
        user = await self.users.users.get(user_id) if user_id else None
        if user is None or not user.is_active:
            raise ResetTokenInvalidError
        # The connection is kept meanwhile: the token is used up, and comes back if this fails.
        hashed = await self._hash(new, user.email)
        await self.users.users.replace_hash(user.id, hashed)
        await self.users.logins.revoke_all(user.id)

    async def replace(self, user: User, new: str) -> None:
        """Replace a password without asking for it, and end all sessions."""
        hashed = await self._hash(new, user.email)
        await self.users.users.replace_hash(user.id, hashed)
        await self.users.logins.revoke_all(user.id)
        await self.resets.withdraw(user.id)

    async def _hash(self, password: str, email: str) -> str:
        await self.users.auth.policy.check(password, email)
        return await self.users.auth.passwords.hash(password)


async def send_reset(
    sessions: async_sessionmaker[AsyncSession], auth: Auth, mailer: Mailer, email: str
) -> None:
    """Mail a token to the user, if there is one.

    Runs after the answer, in a transaction of its own: the answer and its time are the same for
    every address.
    """
    minutes = auth.settings.password_reset_minutes
    async with sessions.begin() as session:
        users = UserRepository(session)
        user = await users.by_email(email)
        if user is None or not user.is_active:
            return
        await users.get_for_update(user.id)  # another mail may be asked for at the same time
        resets = PasswordResetRepository(session)
        token = await resets.issue(user.id, timedelta(minutes=minutes))
        context = {"token": token, "minutes": str(minutes)}
        await mailer.post(session, Mail(user.email, "password_reset", context))
