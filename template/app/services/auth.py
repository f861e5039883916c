"""Logging in, and staying logged in."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.state import Auth
from app.auth.tokens import Claims, TokenRevokedError
from app.core.exceptions import NotAuthenticatedError
from app.db.base import utc_now
from app.models.session import LoginSession
from app.models.user import User
from app.repositories.session import SessionRepository
from app.repositories.user import UserRepository
from app.schemas.auth import TokenPair

# A client may lose the answer and ask again; later than this, somebody has stolen the token.
GRACE = timedelta(seconds=10)


class InvalidCredentialsError(NotAuthenticatedError):
    """Unknown, wrong or disabled: which, is nobody's business."""

    code = "invalid_credentials"
    detail = "Email or password is wrong."


class RefreshTokenInvalidError(NotAuthenticatedError):
    """Not a refresh token of ours, or too old, or its session has ended."""

    code = "refresh_token_invalid"
    detail = "The refresh token is not valid. Log in again."


class RefreshTokenReusedError(RefreshTokenInvalidError):
    """Two hold the same token, so one is a thief (RFC 9700 §4.14.2)."""

    code = "refresh_token_reused"
    detail = "The refresh token was used before."
    commits = True


class AuthService:
    """Logins, in the caller's transaction."""

    def __init__(self, session: AsyncSession, auth: Auth) -> None:
        self.session = session
        self.auth = auth
        self.users = UserRepository(session)
        self.logins = SessionRepository(session)

    async def authenticate(self, claims: Claims) -> tuple[User, UUID]:
        """Return the user and the session of a token, or raise `TokenRevokedError`."""
        user = await self.logins.user_of(claims.session_id, claims.user_id)
        if user is None:
            raise TokenRevokedError
        return user, claims.session_id

    async def login(self, email: str, password: str, address: str) -> TokenPair:
        """Begin a session. Unknown, wrong and disabled look alike and take as long."""
        await self.auth.throttle.admit(email, address)
        user = await self.users.by_email(email)
        await self.session.close()  # others may have the connection while we hash
        matches, stronger = await self.auth.passwords.verify(
            password, user.password_hash if user else None
        )
        if user is None or not matches or not user.is_active:
            await self.auth.throttle.failed(email, address)
            raise InvalidCredentialsError
        await self.auth.throttle.succeeded(email, address)
        if stronger:
            await self.users.replace_hash(user.id, stronger)
        days = timedelta(days=self.auth.settings.session_days)
        return await self._issue(await self.logins.open(user.id, days))

    async def refresh(self, token: str) -> TokenPair:
        """Prolong a session. A token that comes twice ends it, or warns within the grace time."""
        fresh = await self.logins.use_token(token)
        found = await self.logins.find_token(token)
        if found is None:
            raise RefreshTokenInvalidError
        used, login = found
        now = utc_now()
        if login.revoked_at is not None or min(used.expires_at, login.expires_at) <= now:
            raise RefreshTokenInvalidError
        if not fresh:
            if used.used_at is not None and now - used.used_at > GRACE:
                await self.logins.revoke(login.id)
            raise RefreshTokenReusedError
        if await self.logins.user_of(login.id, login.user_id) is None:
            raise RefreshTokenInvalidError
        return await self._issue(login)

    async def logout(self, user: User, session_id: UUID, *, everywhere: bool) -> None:
        """End this session, or all of the user's."""
        if everywhere:
            await self.logins.revoke_all(user.id)
        else:
            await self.logins.revoke(session_id)

    async def _issue(self, login: LoginSession) -> TokenPair:
        settings = self.auth.settings
        refresh = await self.logins.add_token(login, timedelta(days=settings.refresh_token_days))
        return TokenPair(
            access_token=self.auth.tokens.issue(Claims(login.user_id, login.id)),
            refresh_token=refresh,
            expires_in=settings.access_token_minutes * 60,
        )
