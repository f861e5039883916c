"""What users do with their own accounts: register, verify an address, change and delete them."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from app.auth.tokens import new_token
from app.core.exceptions import AppError
from app.models.auth import TokenPurpose
from app.models.user import User
from app.schemas.user import ProfileUpdate, UserCreate, UserRegister
from app.services.caller import Caller
from app.services.password import IncorrectPasswordError
from app.services.user import (
    EmailTakenError,
    RegistrationClosedError,
    UserService,
    has_new_email,
)


class VerificationTokenInvalidError(AppError):
    """The token is unknown, used, expired, not the newest, or was sent to another address."""

    status = 400
    code = "verification_token_invalid"
    detail = "The token is not valid any more. Ask for a new mail."


class AccountService:
    """A user's own account, in the caller's transaction."""

    def __init__(self, accounts: UserService) -> None:
        self.accounts = accounts
        self.passwords = accounts.passwords
        self.users = self.passwords.users
        self.session = self.passwords.session
        self.auth = self.passwords.auth

    @property
    def requires_verification(self) -> bool:
        """Whether users have to verify their address before they log in."""
        return self.auth.settings.email_verification == "required"

    async def register(self, data: UserRegister) -> User | None:
        """Add an ordinary account and return it. None: the address has an account already."""
        if not self.auth.settings.registration_enabled:
            raise RegistrationClosedError
        await self.session.close()  # gives the connection back during hashing
        if self.requires_verification:
            await self.auth.verification_throttle.count_account(data.email)
        password_hash = await self.passwords.hash(data.password.get_secret_value(), data.email)
        if self.requires_verification:
            return await self._register_unseen(data, password_hash)
        user = await self.accounts.add(UserCreate(**dict(data)), password_hash)
        await self.passwords.notify(user.email, "welcome", name=user.full_name or user.email)
        if self.auth.settings.email_verification != "off":
            await self.send_token(user, user.email)
        return user

    async def _register_unseen(self, data: UserRegister, password_hash: str) -> User | None:
        """Register with the same work for an address without, with, and with an unverified account.

        The newest registration counts until one is verified; it ends what older ones opened.
        """
        found, new = await self.users.by_email(data.email), None
        # Locked, so that it is not verified meanwhile with the password of an older registration.
        user = await self.users.get_for_update(found.id) if found else None
        if user is None:
            try:
                user = new = await self.accounts.add(UserCreate(**dict(data)), password_hash)
            except EmailTakenError:  # by a parallel registration
                await self.session.rollback()
                return await self._register_unseen(data, password_hash)
        elif user.email_verified:
            await self.users.write(user.id, {})  # instead of what is written for the others
        else:
            user.password_hash, user.full_name = password_hash, data.full_name
            user.failed_logins, user.pending_email = 0, None
            await self.session.flush()
        owner_id = uuid4() if user.email_verified else user.id  # an unknown id takes as long
        await self.passwords.sessions.delete_all(owner_id)
        await self.passwords.tokens.delete(owner_id, TokenPurpose.PASSWORD_RESET)
        await self.send_token(user, user.email)
        return new

    async def verify(self, token: str) -> None:
        """Verify the address that the token was sent to: the account's, or its new one."""
        user, email = await self.passwords.redeem(TokenPurpose.EMAIL_VERIFICATION, token)
        if user is None or email is None or email not in {user.email, user.pending_email}:
            raise VerificationTokenInvalidError
        await self.accounts.apply(user, {"email": email, "email_verified": True})

    async def update_profile(self, caller: Caller, data: ProfileUpdate) -> User:
        """Change the account. A new email needs the password, and is verified first."""
        changes = data.model_dump(exclude={"current_password"})
        user = await self.passwords.lock(caller)
        if not has_new_email(user, changes):
            if "email" in changes:  # the one it has: a change that waits is cancelled
                changes["pending_email"] = None
            return await self.accounts.apply(user, changes)
        if data.current_password is None:
            raise IncorrectPasswordError
        await self.passwords.verify(user, data.current_password.get_secret_value())
        user = await self.passwords.lock(caller)
        if self.auth.settings.email_verification == "off":
            return await self.accounts.apply(user, changes | {"email_verified": False})
        return await self._request_change(user, changes)

    async def _request_change(self, user: User, changes: dict[str, Any]) -> User:
        email = changes.pop("email")
        await self.limit_verification(email)
        if not self.requires_verification:
            await self.accounts.raise_if_taken(email)
        await self.accounts.apply(user, changes | {"pending_email": email})
        await self.send_token(user, email)
        return user

    async def delete(self, caller: Caller, password: str) -> None:
        """Delete the account, or raise `LastSuperuserError`."""
        await self.passwords.verify(caller.user, password)
        await self.users.lock_superusers()  # first, as those do who change others
        await self.passwords.lock(caller)
        await self.accounts.delete(caller, caller.user.id)

    async def send_token(self, user: User, email: str) -> None:
        """Mail a token to the user's address or new one; to one that has an account, a notice."""
        own = email == user.email
        taken = user.email_verified if own else await self.users.by_email(email) is not None
        purpose = TokenPurpose.ACCOUNT_EXISTS if taken else TokenPurpose.EMAIL_VERIFICATION
        hours = self.auth.settings.email_verification_hours
        await self._mail_token(user, purpose, email, hours=hours)

    async def limit_verification(self, email: str) -> None:
        """Count a request for a verification token, or raise `TooManyRequestsError`."""
        await self.auth.verification_throttle.count_mail(email, self.passwords.address)

    async def mail_verification(self, email: str) -> None:
        """Mail another token to an address that waits for one, after the answer: see the reset."""
        if self.auth.settings.email_verification == "off":
            return
        async with self.passwords.own_transaction() as passwords:
            own = AccountService(UserService(passwords))
            if user := await own.users.lock_unverified(email):
                await own.send_token(user, email if email == user.pending_email else user.email)

    async def limit_reset(self, email: str) -> None:
        """Count a request for a reset token, or raise `TooManyRequestsError`."""
        await self.auth.reset_throttle.count_mail(email, self.passwords.address)

    async def mail_reset(self, email: str) -> None:
        """Mail a reset token to the user with this email, if there is one.

        Runs after the answer, in its own transaction: the answer and its time are the same for
        every address.
        """
        minutes = self.auth.settings.password_reset_minutes
        async with self.passwords.own_transaction() as passwords:
            own = AccountService(UserService(passwords))
            found = await own.users.by_email(email)
            # Locked: parallel requests store one token after the other.
            user = await own.users.get_for_update(found.id) if found else None
            if user and user.is_active:
                purpose = TokenPurpose.PASSWORD_RESET
                await own._mail_token(user, purpose, user.email, minutes=minutes)

    async def _mail_token(
        self, user: User, purpose: TokenPurpose, email: str, **lifetime: int
    ) -> None:
        """Store a token in place of the older one, and mail it with the template of its purpose.

        The token of a notice is stored, for the same work, and sent nowhere.
        """
        token = new_token()
        await self.passwords.tokens.store(user.id, purpose, email, token, timedelta(**lifetime))
        context = {"token": token} | {unit: str(number) for unit, number in lifetime.items()}
        is_notice = purpose == TokenPurpose.ACCOUNT_EXISTS
        await self.passwords.notify(email, purpose.value, **{} if is_notice else context)
