"""What can be done with accounts."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.state import Auth
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
    """Emails are unique, whatever the letter case."""

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
        user = User(**data.model_dump(exclude={"password"}), password_hash=hashed)
        self.session.add(user)
        await self._flush()
        return user

    async def update_profile(self, user: User, data: ProfileUpdate) -> User:
        """Change one's own account. A new email needs the password."""
        changes = data.model_dump(exclude={"current_password"})
        if changes.get("email", user.email) != user.email:
            given = data.current_password
            await self.verify(user, given.get_secret_value() if given else "")
            user = await self._find(user.id)
        return await self._apply(user, changes)

    async def verify(self, user: User, password: str) -> None:
        """Raise `IncorrectPasswordError` unless it is the user's password."""
        await self.session.close()
        matches, _ = await self.auth.passwords.verify(password, user.password_hash)
        if not matches:
            raise IncorrectPasswordError

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

    async def _apply(self, user: User, changes: dict[str, object]) -> User:
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
