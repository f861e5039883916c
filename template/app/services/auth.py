"""Login, refresh and logout."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import TokenRevokedError, new_token
from app.auth.toolkit import AuthTools
from app.core.exceptions import BearerTokenError, NotAuthenticatedError
from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User
from app.repositories.auth import SessionRepository
from app.repositories.user import UserRepository
from app.schemas.auth import TokenPair
from app.services.caller import Caller, Credential, Scope, permissions_of

# A client that lost the answer may retry within it; a later reuse means a stolen token.
REUSE_GRACE = timedelta(seconds=10)


class InvalidCredentialsError(NotAuthenticatedError):
    """The email is unknown, the password wrong or the account disabled; not said which."""

    code = "invalid_credentials"
    detail = "Email or password is wrong."


class RefreshTokenInvalidError(NotAuthenticatedError):
    """The refresh token is unknown or expired, or its session has ended."""

    code = "refresh_token_invalid"
    detail = "The refresh token is not valid. Log in again."


class RefreshTokenReusedError(RefreshTokenInvalidError):
    """The refresh token was used twice, so it may have been stolen (RFC 9700 §4.14.2)."""

    code = "refresh_token_reused"
    detail = "The refresh token was used before."
    commits = True


class AccessTokenScheme:
    """Access tokens, each of a login session. Every token that no other scheme knows is one."""

    def __init__(self, auth: AuthTools) -> None:
        self.auth = auth

    def recognizes(self, _: str) -> bool:
        """Return True: this is the last scheme."""
        return True

    def user_id(self, token: str, _: Scope) -> str | None:
        """Return the user of a token that has not expired; the session may have ended."""
        try:
            return str(self.auth.tokens.verify(token).user_id)
        except BearerTokenError:
            return None

    async def authenticate(self, session: AsyncSession, token: str, _: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        claims = self.auth.tokens.verify(token)
        user = await SessionRepository(session).active_user(claims.session_id, claims.user_id)
        if user is None:
            raise TokenRevokedError
        credential = Credential("session", claims.session_id, claims.expires_at)
        return Caller(user, credential, permissions_of(user))


class AuthService:
    """Login sessions, in the caller's transaction."""

    def __init__(self, session: AsyncSession, auth: AuthTools) -> None:
        self.session = session
        self.auth = auth
        self.users = UserRepository(session)
        self.sessions = SessionRepository(session)

    async def login(self, email: str, password: str, address: str) -> TokenPair:
        """Open a session. Unknown, wrong and disabled look alike and take as long."""
        await self.auth.login_throttle.check(email, address)
        user = await self.users.by_email(email)
        await self.session.close()  # gives the connection back during hashing
        matches, new_hash = await self.auth.passwords.verify(
            password, user.password_hash if user else None
        )
        if user is None or not matches or not user.is_active:
            await self.auth.login_throttle.record_failure(email, address)
            raise InvalidCredentialsError
        await self.auth.login_throttle.reset(email, address)
        if new_hash:
            await self.users.set_password_hash(user.id, new_hash)
        lifetime = timedelta(days=self.auth.settings.session_days)
        return await self._issue(await self.sessions.open(user.id, lifetime))

    async def refresh(self, token: str) -> TokenPair:
        """Exchange a refresh token for new tokens. Reuse after the grace time ends the session."""
        fresh = await self.sessions.use_token(token)
        found = await self.sessions.find_token(token)
        if found is None:
            raise RefreshTokenInvalidError
        used, login = found
        now = utc_now()
        if login.revoked_at is not None or min(used.expires_at, login.expires_at) <= now:
            raise RefreshTokenInvalidError
        if not fresh:
            if used.used_at is not None and now - used.used_at > REUSE_GRACE:
                await self.sessions.revoke(login.id)
            raise RefreshTokenReusedError
        if await self.sessions.active_user(login.id, login.user_id) is None:
            raise RefreshTokenInvalidError
        return await self._issue(login)

    async def logout(self, user: User, session_id: UUID, *, everywhere: bool) -> None:
        """End this session, or all of the user's."""
        if everywhere:
            await self.sessions.revoke_all(user.id)
        else:
            await self.sessions.revoke(session_id)

    async def _issue(self, login: LoginSession) -> TokenPair:
        settings = self.auth.settings
        refresh_token = new_token()
        lifetime = timedelta(days=settings.refresh_token_days)
        await self.sessions.add_token(login, refresh_token, lifetime)
        return TokenPair(
            access_token=self.auth.tokens.issue(login.user_id, login.id),
            refresh_token=refresh_token,
            expires_in=settings.access_token_minutes * 60,
        )
