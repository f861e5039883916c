"""What can be done with accounts."""

from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.state import Auth
from app.core.email_address import email_spellings
from app.core.exceptions import AppError, ConflictError, NotFoundError, PermissionDeniedError
from app.core.pagination import Slice
from app.db.errors import is_unique_violation
from app.models.user import User
from app.repositories.session import SessionRepository
from app.repositories.user import UserRepository
from app.schemas.user import ProfileUpdate, UserCreate, UserQuery, UserUpdate


class UserNotFoundError(NotFoundError):
    """No account has this id."""

    detail = "There is no such user."


class EmailTakenError(ConflictError):
    """Emails are unique, whatever the spelling."""

    code = "email_taken"
    detail = "Another account has this email."


class LastSuperuserError(ConflictError):
    """Somebody must be able to let others in."""

    code = "last_superuser"
    detail = "This is the last active superuser."


class IncorrectPasswordError(AppError):
    """The current password, asked for again, is wrong."""

    status = 422
    code = "incorrect_password"
    detail = "The current password is not correct."


class UserService:
    """Accounts, in the caller's transaction."""

    def __init__(self, session: AsyncSession, auth: Auth) -> None:
        self.session = session
        self.auth = auth
        self.users = UserRepository(session)
        self.logins = SessionRepository(session)

    async def page(self, query: UserQuery) -> Slice:
        """Read one page of the users that match."""
        return await self.users.search(query)

    async def get(self, id: UUID, caller: User) -> User:
        """Read an account: one's own, or anybody's as a superuser."""
        if id == caller.id:
            return caller
        if not caller.is_superuser:
            raise PermissionDeniedError
        return await self._find(id)

    async def create(self, data: UserCreate) -> User:
        """Add an account, or raise `PasswordRejectedError` or `EmailTakenError`."""
        password = data.password.get_secret_value()
        await self.auth.policy.check(password, data.email)
        # Hashing takes longer than all the rest: others may have the connection meanwhile.
        await self.session.close()
        hashed = await self.auth.passwords.hash(password)
        await self._insist_on_free(data.email)
        user = User(**data.model_dump(exclude={"password"}), password_hash=hashed)
        self.session.add(user)
        await self._flush()
        return user

    async def update_profile(self, user: User, data: ProfileUpdate, address: str) -> User:
        """Change one's own account. A new email needs the password."""
        changes = data.model_dump(exclude={"current_password"})
        if has_new_email(user, changes):
            if data.current_password is None:
                raise IncorrectPasswordError
            await self.verify(user, data.current_password.get_secret_value(), address)
            user = await self._find(user.id)
        return await self._apply(user, changes)

    async def verify(self, user: User, password: str, address: str) -> None:
        """Raise `IncorrectPasswordError` unless it is the user's password.

        Guesses count like those at the login: a session may be stolen.
        """
        await self.auth.throttle.admit(user.email, address)
        await self.session.close()
        matches, _ = await self.auth.passwords.verify(password, user.password_hash)
        if not matches:
            await self.auth.throttle.failed(user.email, address)
            raise IncorrectPasswordError
        await self.auth.throttle.succeeded(user.email, address)

    async def update(self, id: UUID, data: UserUpdate) -> User:
        """Change anybody's account, but leave one active superuser."""
        changes = data.model_dump()
        loses = changes.get("is_active") is False or changes.get("is_superuser") is False
        if loses:
            await self._keep_a_superuser(id)
        user = await self._find(id)
        if changes.get("is_active") is False:
            await self.logins.revoke_all(id)
        return await self._apply(user, changes)

    async def delete(self, id: UUID) -> None:
        """Delete an account, but leave one active superuser."""
        await self._keep_a_superuser(id)
        await self.users.delete(await self._find(id))

    async def _keep_a_superuser(self, id: UUID) -> None:
        if await self.users.lock_superusers() == {id}:
            raise LastSuperuserError

    async def _find(self, id: UUID) -> User:
        user = await self.users.get(id)
        if user is None:
            raise UserNotFoundError
        return user

    async def _insist_on_free(self, email: str) -> None:
        """Look for older spellings too, of which the unique index does not know."""
        if await self.users.by_email(email):
            raise EmailTakenError

    async def _apply(self, user: User, changes: dict[str, Any]) -> User:
        if has_new_email(user, changes):
            await self._insist_on_free(changes["email"])
        for name, value in changes.items():
            setattr(user, name, value)
        await self._flush()
        return user

    async def _flush(self) -> None:
        try:
            await self.session.flush()
        except IntegrityError as error:
            if is_unique_violation(error):
                raise EmailTakenError from error
            raise


def has_new_email(user: User, changes: dict[str, Any]) -> bool:
    """Whether the changes name another address, not the user's own in another spelling."""
    return "email" in changes and user.email not in email_spellings(changes["email"])
