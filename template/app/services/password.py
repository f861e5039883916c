"""Verifying, changing and resetting passwords."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Self
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.auth.tokens import TokenRevokedError
from app.auth.toolkit import AuthTools
from app.core.exceptions import AppError, PermissionDeniedError
from app.core.mail import Mail, Mailer
from app.models.auth import TokenPurpose
from app.models.user import User
from app.repositories.auth import SessionRepository
from app.repositories.one_time_token import OneTimeTokenRepository
from app.repositories.user import UserRepository
from app.services.auth import InvalidCredentialsError
from app.services.caller import Caller


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


class EmailNotVerifiedError(PermissionDeniedError):
    """The password is right, but the address has to be verified first."""

    code = "email_not_verified"
    detail = "Verify your email address first."


class PasswordService:
    """Passwords, in the caller's transaction.

    Attempts are counted by the client's `address`; a command has none.
    """

    def __init__(
        self, session: AsyncSession, auth: AuthTools, mailer: Mailer, address: str = ""
    ) -> None:
        self.session = session
        self.auth = auth
        self.mailer = mailer
        self.address = address
        self.users = UserRepository(session)
        self.sessions = SessionRepository(session)
        self.tokens = OneTimeTokenRepository(session)

    async def authenticate(self, email: str, password: str) -> User:
        """Return the user of a login, or raise `InvalidCredentialsError`.

        Unknown, wrong, locked and disabled look alike and take as long.
        """
        await self.auth.login_throttle.hit(email, self.address)
        user = await self.users.by_email(email)
        accepted = await self._verify_and_count(user, email, password)
        # Locked, so that a session that is opened now is ended by who changes the account next.
        user = await self.users.get_for_update(user.id) if user and accepted else None
        if user is None or not user.is_active:
            raise InvalidCredentialsError
        if user.password_hash != accepted:  # changed, or hashed anew by a parallel login
            matches, _ = await self.auth.passwords.verify(password, user.password_hash)
            if not matches:
                raise InvalidCredentialsError
        if self.auth.settings.email_verification == "required" and not user.email_verified:
            raise EmailNotVerifiedError
        return user

    async def verify(self, user: User, password: str) -> None:
        """Raise `IncorrectPasswordError` unless it is the user's password.

        Guesses count like those of a login: the session may be stolen.
        """
        await self.auth.login_throttle.hit(user.email, self.address)
        if not await self._verify_and_count(user, user.email, password):
            raise IncorrectPasswordError

    async def hash(self, password: str, email: str) -> str:
        """Hash a new password, or raise `PasswordRejectedError`."""
        await self.auth.policy.check(password, email)
        return await self.auth.passwords.hash(password)

    async def change(self, caller: Caller, current: str, new: str) -> None:
        """Replace a password that the user knows, and end the other sessions."""
        await self.verify(caller.user, current)
        password_hash = await self.hash(new, caller.user.email)
        user = await self.lock(caller)
        await self.replace(user, password_hash, keep_session=caller.credential.id)

    async def lock(self, caller: Caller) -> User:
        """Lock and return the caller's account, or raise `TokenRevokedError`.

        While a password was verified, the session may have ended, by a reset of a stolen password.
        """
        user = await self.users.get_for_update(caller.user.id)
        if user is None or not await self.sessions.active_user(caller.credential.id, user.id):
            raise TokenRevokedError
        return user

    async def reset(self, token: str, new: str) -> None:
        """Replace a forgotten password, and end all sessions. The token verifies the address."""
        user, email = await self.redeem(TokenPurpose.PASSWORD_RESET, token)
        if user is None or email != user.email:
            raise ResetTokenInvalidError
        # The transaction stays open during hashing: if that fails, the token is valid again.
        await self.replace(user, await self.hash(new, user.email))
        user.email_verified = True

    async def redeem(self, purpose: TokenPurpose, token: str) -> tuple[User | None, str | None]:
        """Use a token up, and return its active user, locked, and the address it was sent to."""
        user_id = await self.tokens.owner(purpose, token)
        # First, as those who store tokens do, or both would wait for each other.
        user = await self.users.get_for_update(user_id) if user_id else None
        if user is None or not user.is_active:
            return None, None
        return user, await self.tokens.use(purpose, token)

    async def replace(
        self, user: User, password_hash: str, keep_session: UUID | None = None
    ) -> None:
        """Replace a password, unlock the account, end all sessions but one, and send a notice.

        A change of the address that is not verified yet is cancelled.
        """
        await self.notify(user.email, "password_changed")
        user.password_hash, user.failed_logins, user.pending_email = password_hash, 0, None
        await self.session.flush()
        await self.sessions.revoke_all(user.id, but=keep_session)
        await self.tokens.delete(user.id, TokenPurpose.PASSWORD_RESET)

    async def notify(self, email: str, template: str, **context: str) -> None:
        """Send a mail after the commit."""
        await self.mailer.send_after_commit(self.session, Mail(email, template, context))

    async def _verify_and_count(self, user: User | None, email: str, password: str) -> str | None:
        """Verify a password, and return its stored hash if it is right.

        Failures in a row lock the account (NIST SP 800-63B-4 §3.2.2). Each attempt counts as one
        until the hash is known: guesses may be parallel, and for no account it takes longer.
        """
        user_id, hashed = (user.id, user.password_hash) if user else (uuid4(), None)
        limit, throttle = self.auth.settings.login_max_failures, self.auth.login_throttle
        await self.session.close()  # gives the connection back during hashing

        async def count() -> int | None:
            async with self.own_transaction() as own:
                return await own.users.count_attempt(user_id, limit)

        verified = self.auth.passwords.verify(password, hashed)
        (matches, new_hash), failures = await asyncio.gather(verified, count())
        matches = matches and failures is not None and user is not None and user.is_active
        accepted = (new_hash or hashed) if matches else None
        async with self.own_transaction() as own:
            if accepted:
                await own.users.accept_password(user_id, hashed, accepted)
            elif user and failures == limit:
                await own.notify(user.email, "account_locked")
        await (throttle.reset if accepted else throttle.record_failure)(email, self.address)
        return accepted

    @asynccontextmanager
    async def own_transaction(self) -> AsyncGenerator[Self]:
        """Begin a transaction that is committed even if the request is refused, or answered."""
        async with async_sessionmaker(self.session.bind, expire_on_commit=False).begin() as session:
            yield type(self)(session, self.auth, self.mailer, self.address)
