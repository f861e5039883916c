"""Who calls: the user, how they have signed in and when, and what they may do now."""

import asyncio
from collections.abc import Collection, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog
from sqlalchemy import or_, update
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import ALL_PERMISSIONS, Permission
from app.core.exceptions import AppError, PermissionDeniedError
from app.db.base import utc_now
from app.db.session import Database
from app.models.auth import UserAccess
from app.models.user import User

Scope = MutableMapping[str, Any]
# How far `last_used_at` may be behind: it is written so often at most.
USE_INTERVAL = timedelta(minutes=1)
# How long a request waits until its use is stored, which goes on without it.
WAIT_SECONDS = 0.1
# What work on a credential raises: it is not valid, or the database does not answer.
CREDENTIAL_ERRORS = (AppError, PoolTimeoutError)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a caller has signed in with: of a scheme, such as `session`, and until when."""

    scheme: str
    id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request, how they have signed in, and the permissions they hold now."""

    user: User
    credential: Credential
    permissions: frozenset[Permission]

    @property
    def has_logged_in(self) -> bool:
        """Whether the credential is of a login session."""
        return self.credential.scheme == "session"

    @property
    def is_superuser(self) -> bool:
        """Whether the caller may do everything: a credential may grant less than its user holds."""
        return self.user.is_superuser and self.permissions == ALL_PERMISSIONS

    def holds(self, permission: Permission) -> bool:
        """Whether the caller holds a permission."""
        return permission in self.permissions

    def require_grant(self, permissions: frozenset[Permission], *, superuser: bool = False) -> None:
        """Raise `PermissionDeniedError` if the caller would grant, or control, more than they hold.

        A superuser is more than all permissions: those that are added later are held too.
        """
        if not permissions <= self.permissions or (superuser and not self.is_superuser):
            raise PermissionDeniedError


class ApiKeyNotAllowedError(PermissionDeniedError):
    """The caller has not logged in, and what is asked for needs a login."""

    code = "api_key_not_allowed"
    detail = "Log in for this: it cannot be done with an API key."


class TokenScheme(Protocol):
    """A kind of bearer token, and how to authenticate it."""

    def recognizes(self, token: str) -> bool:
        """Return whether the token is of this kind, valid or not."""
        ...

    async def user_id(self, token: str, scope: Scope) -> str | None:
        """Return the user for rate limits; None if the token is not valid."""
        ...

    async def authenticate(self, session: AsyncSession, token: str, scope: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        ...

    async def find_active(self, session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
        """Return which of these credentials have not ended, for open connections."""
        ...


def scheme_of(schemes: Sequence[TokenScheme], token: str) -> TokenScheme:
    """Return the first scheme that recognizes the token; the last one, of access tokens, does."""
    return next(scheme for scheme in schemes if scheme.recognizes(token))


class UseRecorder:
    """Stores uses, each in a transaction of its own. No request fails, or is slow, with it."""

    def __init__(self) -> None:
        self.running: dict[UUID, asyncio.Task[None]] = {}

    async def record(
        self, database: Database, model: type[UserAccess], id: UUID, last_used_at: datetime | None
    ) -> None:
        """Store that a credential is used now, unless it was within the last minute."""
        if last_used_at is not None and utc_now() - last_used_at < USE_INTERVAL:
            return
        if id not in self.running:
            self.running[id] = task = asyncio.create_task(store_use(database, model, id))
            task.add_done_callback(lambda _: self.running.pop(id))
        await asyncio.wait([self.running[id]], timeout=WAIT_SECONDS)

    async def finish(self) -> None:
        """Wait for what is being stored; the database has timeouts."""
        await asyncio.gather(*self.running.values())


async def store_use(database: Database, model: type[UserAccess], id: UUID) -> None:
    """Store a use, unless another process has done so within the minute."""
    now = utc_now()
    due = or_(model.last_used_at.is_(None), model.last_used_at <= now - USE_INTERVAL)
    try:
        async with database.transactions.begin() as session:
            await session.execute(update(model).where(model.id == id, due).values(last_used_at=now))
    except CREDENTIAL_ERRORS as error:
        log.warning("last_use_not_stored", error=type(error).__name__)
