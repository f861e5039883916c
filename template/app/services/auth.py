"""Login, refresh and logout."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import TokenRevokedError, new_token
from app.auth.toolkit import AuthTools
from app.core.exceptions import BearerTokenError, NotAuthenticatedError, NotFoundError
from app.core.state import app_of
from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User
from app.repositories.auth import SessionRepository, find_active_sessions
from app.schemas.auth import SessionList, SessionRead, TokenPair
from app.services.caller import Caller, Credential, Scope, UseRecorder

# A client that lost the answer and retries within it is refused, and keeps its session. A later
# reuse means a stolen token, and ends it.
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


class SessionNotFoundError(NotFoundError):
    """None of the caller's sessions that have not ended has this id."""

    detail = "You have no such session."


class AccessTokenScheme:
    """Access tokens, each of a login session. Every token that no other scheme knows is one."""

    find_active = staticmethod(find_active_sessions)

    def __init__(self, auth: AuthTools, uses: UseRecorder) -> None:
        self.auth = auth
        self.uses = uses

    def recognizes(self, token: str) -> bool:
        """Return True: this is the last scheme."""
        return True

    async def user_id(self, token: str, scope: Scope) -> str | None:
        """Return the user of a token that has not expired; the session may have ended."""
        try:
            return str(self.auth.tokens.verify(token).user_id)
        except BearerTokenError:
            return None

    async def authenticate(self, session: AsyncSession, token: str, scope: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        claims = self.auth.tokens.verify(token)
        found = await SessionRepository(session).active_user(claims.session_id, claims.user_id)
        if found is None:
            raise TokenRevokedError
        user, last_used_at = found
        database = app_of(scope).state.database
        await self.uses.record(database, LoginSession, claims.session_id, last_used_at)
        credential = Credential("session", claims.session_id, claims.expires_at)
        return Caller(user, credential, user.permissions)


class AuthService:
    """Login sessions, in the caller's transaction."""

    def __init__(self, session: AsyncSession, auth: AuthTools) -> None:
        self.auth = auth
        self.sessions = SessionRepository(session)

    async def login(self, user: User, address: str, user_agent: str) -> TokenPair:
        """Open a session of a user who has authenticated."""
        lifetime = timedelta(days=self.auth.settings.session_days)
        return await self._issue(await self.sessions.open(user.id, lifetime, user_agent, address))

    async def refresh(self, token: str) -> TokenPair:
        """Exchange a refresh token for new tokens. Reuse after the grace time ends the session."""
        found = await self.sessions.lock_by_token(token)
        if found is None:
            raise RefreshTokenInvalidError
        used, login = found
        now = utc_now()
        if login.revoked_at is not None or login.expires_at <= now:
            raise RefreshTokenInvalidError
        if not await self.sessions.use_token(token):
            if used.used_at is not None and now - used.used_at > REUSE_GRACE:
                await self.sessions.revoke(login.id)
            raise RefreshTokenReusedError
        if used.expires_at <= now:
            raise RefreshTokenInvalidError
        if await self.sessions.active_user(login.id, login.user_id) is None:
            raise RefreshTokenInvalidError
        return await self._issue(login)

    async def list_sessions(self, user: User, current_id: UUID) -> SessionList:
        """Return the user's sessions that have not ended."""
        unused_for = timedelta(days=self.auth.settings.refresh_token_days)
        logins = await self.sessions.active(user.id, unused_for)
        return SessionList(items=[describe_session(login, current_id) for login in logins])

    async def end_session(self, user: User, id: UUID) -> None:
        """End one of the user's sessions, or raise `SessionNotFoundError`."""
        if not await self.sessions.revoke(id, user.id):
            raise SessionNotFoundError

    async def end_other_sessions(self, user: User, current_id: UUID) -> None:
        """End all of the user's sessions but the current one."""
        await self.sessions.revoke_all(user.id, but=current_id)

    async def logout(self, user: User, session_id: UUID, *, everywhere: bool) -> None:
        """End this session, or all of the user's."""
        if everywhere:
            await self.sessions.revoke_all(user.id)
        else:
            await self.sessions.revoke(session_id)

    async def _issue(self, login: LoginSession) -> TokenPair:
        settings = self.auth.settings
        login.last_used_at = utc_now()
        refresh_token = new_token()
        lifetime = timedelta(days=settings.refresh_token_days)
        await self.sessions.add_token(login, refresh_token, lifetime)
        return TokenPair(
            access_token=self.auth.tokens.issue(login.user_id, login.id),
            refresh_token=refresh_token,
            expires_in=settings.access_token_minutes * 60,
        )


def describe_session(login: LoginSession, current_id: UUID) -> SessionRead:
    """Return what a user sees of a session. The current one is in use."""
    current = login.id == current_id
    return SessionRead(
        id=login.id,
        created_at=login.created_at,
        last_used_at=utc_now() if current else login.last_used_at or login.created_at,
        user_agent=login.user_agent,
        address=login.address,
        current=current,
    )
