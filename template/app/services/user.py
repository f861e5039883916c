"""User accounts: registration, reading, changing and deleting."""

from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError

from app.auth.permissions import NO_PERMISSIONS
from app.core.exceptions import ConflictError, NotFoundError, PermissionDeniedError
from app.core.mail import email_spellings
from app.core.metrics import Counter
from app.db.errors import is_foreign_key_violation, is_unique_violation
from app.models.user import User
from app.schemas.pagination import PageRows
from app.schemas.user import UserCreate, UserQuery, UserUpdate
from app.services.caller import Caller
from app.services.password import PasswordService

USERS_REGISTERED = Counter("users_registered_total", "Accounts registered")

log = structlog.get_logger(__name__)


class RegistrationClosedError(PermissionDeniedError):
    """Registration is off: accounts are added by those who manage them."""

    code = "registration_closed"
    detail = "Registration is closed."


class UserNotFoundError(NotFoundError):
    """No account has this id."""

    detail = "There is no such user."


class EmailTakenError(ConflictError):
    """Another account has this email, in any spelling."""

    code = "email_taken"
    detail = "Another account has this email."


class LastSuperuserError(ConflictError):
    """The change would leave no active superuser."""

    code = "last_superuser"
    detail = "This is the last active superuser."


class UserInUseError(ConflictError):
    """A row refers to the account, or to a row that would be deleted with it."""

    detail = "Another row refers to the account."


class UserService:
    """User accounts, in the caller's transaction."""

    def __init__(self, passwords: PasswordService) -> None:
        self.passwords = passwords
        self.session, self.users = passwords.session, passwords.users

    async def page(self, query: UserQuery) -> PageRows:
        """Return one page of the users that match."""
        return await self.users.search(query)

    async def get(self, id: UUID, caller: Caller) -> User:
        """Return an account; the caller's own is read already."""
        return caller.user if id == caller.user.id else await self.find(id)

    async def create(self, data: UserCreate) -> User:
        """Add a verified account, or raise `PasswordRejectedError` or `EmailTakenError`."""
        await self.session.close()  # gives the connection back during hashing
        password_hash = await self.passwords.hash(data.password.get_secret_value(), data.email)
        return await self.add(data, password_hash, email_verified=True)

    async def add(
        self, data: UserCreate, password_hash: str, *, email_verified: bool = False
    ) -> User:
        """Add an account with this hash, or raise `EmailTakenError`."""
        await self.raise_if_taken(data.email)
        fields = data.model_dump(exclude={"password"})
        user = User(**fields, password_hash=password_hash, email_verified=email_verified)
        self.session.add(user)
        await self._flush()
        return user

    async def create_as(self, caller: Caller, data: UserCreate) -> User:
        """Add an account for a caller, who makes it no superuser without being one."""
        caller.require_grant(NO_PERMISSIONS, superuser=data.is_superuser)
        return await self.create(data)

    async def update(self, caller: Caller, id: UUID, data: UserUpdate) -> User:
        """Change any account, or raise `LastSuperuserError`.

        Disabling it or setting a password ends its sessions. A new email acts at once. All but the
        name is for callers who hold what the account holds, and will hold.
        """
        changes = data.model_dump()
        restricted = bool(changes.keys() - {"full_name"})
        password_hash = await self._hash_for(id, changes)
        disabled = changes.get("is_active") is False
        weakened = disabled or changes.get("is_superuser") is False
        user = await self._lock(id, caller if restricted else None, weakened=weakened)
        caller.require_grant(NO_PERMISSIONS, superuser=changes.get("is_superuser", False))
        if disabled:
            await self.passwords.sessions.revoke_all(id)
        if password_hash:
            await self.passwords.replace(user, password_hash)
        if has_new_email(user, changes):
            changes["email_verified"] = True
        return await self.apply(user, changes)

    async def _hash_for(self, id: UUID, changes: dict[str, Any]) -> str | None:
        """Hash the password among the changes, if there is one."""
        if (password := changes.pop("password", None)) is None:
            return None
        email = (await self.find(id)).email
        await self.session.close()  # gives the connection back during hashing
        return await self.passwords.hash(password.get_secret_value(), changes.get("email", email))

    async def delete(self, caller: Caller, id: UUID) -> None:
        """Delete an account that holds no more than the caller.

        Raises `LastSuperuserError` or `UserInUseError`.
        """
        user = await self._lock(id, caller)
        try:
            await self.users.delete(user)
        except IntegrityError as error:
            if is_foreign_key_violation(error):
                raise UserInUseError from error
            raise

    async def end_sessions(self, caller: Caller, id: UUID) -> None:
        """End all sessions of an account that holds no more than the caller."""
        require_control(caller, await self.find(id))
        await self.passwords.sessions.revoke_all(id)

    async def _lock(self, id: UUID, caller: Caller | None, *, weakened: bool = True) -> User:
        """Lock an account that holds no more than the caller, if there is one.

        Raises `LastSuperuserError` if it would be weakened, which is possible to one at a time.
        """
        is_last = weakened and await self.users.lock_superusers() == {id}
        user = await self.find(id, lock=True)
        if caller is not None:
            require_control(caller, user)
        if is_last:
            raise LastSuperuserError
        return user

    async def find(self, id: UUID, *, lock: bool = False) -> User:
        """Return an account, or raise `UserNotFoundError`."""
        user = await (self.users.get_for_update(id) if lock else self.users.get(id))
        if user is None:
            raise UserNotFoundError
        return user

    async def raise_if_taken(self, email: str) -> None:
        """Raise `EmailTakenError`, for older spellings too, which no unique index covers."""
        if await self.users.by_email(email):
            raise EmailTakenError

    async def apply(self, user: User, changes: dict[str, Any]) -> User:
        """Change an account. A new email cancels a pending one; the old one gets a notice."""
        if has_new_email(user, changes):
            await self.raise_if_taken(changes["email"])
            await self.passwords.notify(user.email, "email_changed")
            user.pending_email = None
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


def require_control(caller: Caller, user: User) -> None:
    """Raise `PermissionDeniedError` if the user holds what the caller lacks."""
    caller.require_grant(user.permissions, superuser=user.is_superuser)


def has_new_email(user: User, changes: dict[str, Any]) -> bool:
    """Return whether the changes have another address, not another spelling of the user's."""
    return "email" in changes and user.email not in email_spellings(changes["email"])


async def record_signup(user_id: UUID) -> None:
    """Log and count a registration: a background task, which runs after the commit."""
    log.info("user_registered", user_id=str(user_id))
    USERS_REGISTERED.inc()
