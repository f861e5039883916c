"""Letting people in."""

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.exceptions import PermissionDeniedError
from app.core.mail import Mail, Mailer
from app.core.metrics import increment_after_commit
from app.models.user import User
from app.repositories.signup import SignupRepository
from app.schemas.user import UserCreate, UserRegister
from app.services.user import UserService


class RegistrationClosedError(PermissionDeniedError):
    """Only superusers add accounts here."""

    code = "registration_closed"
    detail = "Registration is closed."


class RegistrationService:
    """Registration, in the caller's transaction."""

    def __init__(self, users: UserService, mailer: Mailer) -> None:
        self.users = users
        self.mailer = mailer

    async def register(self, data: UserRegister) -> User:
        """Add an ordinary account and welcome its owner."""
        if not self.users.auth.settings.registration_enabled:
            raise RegistrationClosedError
        user = await self.users.create(UserCreate(**dict(data)))
        mail = Mail(user.email, "welcome", {"name": user.full_name or user.email})
        await self.mailer.post(self.users.session, mail)
        increment_after_commit(self.users.session, "users_registered")
        return user


async def count_signup(sessions: async_sessionmaker[AsyncSession]) -> None:
    """Count a sign-up, in a transaction of its own: the request's is over."""
    async with sessions.begin() as session:
        await SignupRepository(session).count(datetime.now(UTC).date())
