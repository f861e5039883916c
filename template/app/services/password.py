"""Verifying, changing and resetting passwords."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.auth.tokens import new_token
from app.auth.toolkit import AuthTools
from app.core.exceptions import AppError
from app.core.mail import Mail, Mailer
from app.models.user import User
from app.repositories.auth import PasswordResetRepository, SessionRepository
from app.repositories.user import UserRepository


class IncorrectPasswordError(AppError):
    """The current password, asked for again, is wrong."""

    status = 422
    code = "incorrect_password"
    detail = "The current password is not correct."


class ResetTokenInvalidError(AppError):
    """The reset token is unknown, used, expired, or not the newest."""

    status = 400
    code = "reset_token_invalid"
    detail = "The token is not valid any more. Ask for a new mail."


class PasswordService:
    """Passwords, in the caller's transaction."""

    def __init__(self, session: AsyncSession, auth: AuthTools) -> None:
        self.session = session
        self.auth = auth
        self.users = UserRepository(session)
        self.sessions = SessionRepository(session)
        self.resets = PasswordResetRepository(session)

    async def verify(self, user: User, password: str, address: str) -> None:
        """Raise `IncorrectPasswordError` unless it is the user's password.

        Guesses count like those of a login: the session may be stolen.
        """
        await self.auth.login_throttle.check(user.email, address)
        await self.session.close()  # gives the connection back during hashing
        matches, _ = await self.auth.passwords.verify(password, user.password_hash)
        if not matches:
            await self.auth.login_throttle.record_failure(user.email, address)
            raise IncorrectPasswordError
        await self.auth.login_throttle.reset(user.email, address)

    async def hash(self, password: str, email: str) -> str:
        """Hash a new password, or raise `PasswordRejectedError`."""
        await self.auth.policy.check(password, email)
        return await self.auth.passwords.hash(password)

    async def change(
        self, user: User, session_id: UUID, current: str, new: str, address: str
    ) -> None:
        """Replace a password that the user knows, and end the other sessions."""
        await self.verify(user, current, address)
        await self.replace(user, new, keep_session=session_id)

    async def reset(self, token: str, new: str) -> None:
        """Replace a forgotten password, and end all sessions."""
        user_id = await self.resets.use(token)
        user = await self.users.get(user_id) if user_id else None
        if user is None or not user.is_active:
            raise ResetTokenInvalidError
        # The transaction stays open during hashing: if that fails, the token is valid again.
        await self.replace(user, new)

    async def replace(self, user: User, new: str, keep_session: UUID | None = None) -> None:
        """Replace a password, end all sessions but one, and delete the reset token."""
        await self.users.set_password_hash(user.id, await self.hash(new, user.email))
        await self.sessions.revoke_all(user.id, but=keep_session)
        await self.resets.delete(user.id)


async def send_password_reset(
    sessions: async_sessionmaker[AsyncSession], auth: AuthTools, mailer: Mailer, email: str
) -> None:
    """Mail a reset token to the user with this email, if there is one.

    Runs after the answer, in its own transaction: the answer and its time are the same for every
    address.
    """
    minutes = auth.settings.password_reset_minutes
    async with sessions.begin() as session:
        users = UserRepository(session)
        user = await users.by_email(email)
        if user is None or not user.is_active:
            return
        await users.get_for_update(user.id)  # parallel requests store one token after the other
        token = new_token()
        lifetime = timedelta(minutes=minutes)
        await PasswordResetRepository(session).store(user.id, token, lifetime)
        context = {"token": token, "minutes": str(minutes)}
        await mailer.send_after_commit(session, Mail(user.email, "password_reset", context))
