"""API keys: creating, listing and deleting them, and signing in with one."""

import asyncio
import secrets
from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.api_keys.tokens import key_id, key_prefix, new_key
from app.auth.tokens import TokenExpiredError, TokenInvalidError, TokenRevokedError, hash_token
from app.core.exceptions import AppError, ConflictError, NotFoundError
from app.db.base import utc_now
from app.db.session import Database
from app.models.api_key import ApiKey
from app.models.user import User
from app.repositories.api_key import USE_INTERVAL, ApiKeyRepository, find_active_keys
from app.schemas.api_key import ApiKeyCreate
from app.services.caller import Caller, Credential, Scope

MAX_KEYS = 50
# Of the ASGI scope, for the look-ups of a request.
SCOPE_KEY = "app.api_keys"
# How long a request waits until its use of the key is stored, which goes on without it.
USE_TIMEOUT_SECONDS = 0.1
# An unknown key is compared with it: the work is the same.
NO_FINGERPRINT = hash_token("")

log = structlog.get_logger(__name__)


class ApiKeyNotFoundError(NotFoundError):
    """The caller has no key with this id."""

    detail = "You have no such API key."


class TooManyApiKeysError(ConflictError):
    """The user has `MAX_KEYS` keys."""

    detail = f"You have {MAX_KEYS} API keys. Delete one first."


class ApiKeyService:
    """The API keys of a user, in the caller's transaction."""

    def __init__(self, session: AsyncSession, caller: Caller) -> None:
        self.caller = caller
        self.user = caller.user
        self.keys = ApiKeyRepository(session)

    async def all(self) -> Sequence[ApiKey]:
        """Return the keys, newest first."""
        return await self.keys.of_user(self.user.id)

    async def create(self, data: ApiKeyCreate) -> tuple[ApiKey, str]:
        """Add a key and return it with its text, or raise `TooManyApiKeysError`."""
        fields = data.model_dump(exclude={"expires_in_days"})
        if (permissions := fields.get("permissions")) is not None:
            self.caller.require_grant(frozenset(permissions))
        # Parallel requests are counted one after the other; and none passes one that disables.
        if not await self.keys.lock_user(self.user.id):
            raise TokenRevokedError
        if await self.keys.count_of_user(self.user.id) >= MAX_KEYS:
            raise TooManyApiKeysError
        prefix = key_prefix(new_id := uuid7())
        key = new_key(prefix)
        lifetime = timedelta(days=data.expires_in_days)
        row = ApiKey(
            id=new_id,
            user_id=self.user.id,
            prefix=prefix,
            fingerprint=hash_token(key),
            expires_at=utc_now() + lifetime,
            **fields,
        )
        return await self.keys.add(row), key

    async def delete(self, id: UUID) -> None:
        """Delete a key, or raise `ApiKeyNotFoundError`."""
        if not await self.keys.delete_of_user(self.user.id, id):
            raise ApiKeyNotFoundError


class ApiKeyScheme:
    """API keys as bearer tokens. The database is asked once a request."""

    def __init__(self) -> None:
        self.uses: dict[UUID, asyncio.Task[None]] = {}

    def recognizes(self, token: str) -> bool:
        """Return whether the token has the form of a key, and its checksum."""
        return key_id(token) is not None

    async def user_id(self, token: str, scope: Scope) -> str | None:
        """Return the key's user; None if it is not valid, or the database does not answer."""
        try:
            _, user = await self._find_once(token, scope)
        except (AppError, PoolTimeoutError):
            return None
        return str(user.id)

    async def authenticate(self, session: AsyncSession, token: str, scope: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        key, user = await self._find_once(token, scope)
        session.add(user)
        await self._record_use(key, scope["app"].state.database)
        granted = user.permissions
        if key.permissions is not None:
            granted = frozenset(name for name in granted if name in key.permissions)
        return Caller(user, Credential("api_key", key.id, key.expires_at), granted)

    async def find_active(self, session: AsyncSession, ids: Collection[UUID]) -> set[UUID]:
        """Return the ids of the keys that have not expired and belong to an active user."""
        return await find_active_keys(session, ids)

    async def _find_once(self, token: str, scope: Scope) -> tuple[ApiKey, User]:
        """Find a request's key: once, for the rate limit and for the endpoint, also if it fails."""
        found: dict[str, asyncio.Task[tuple[ApiKey, User]]] = scope.setdefault(SCOPE_KEY, {})
        if token not in found:
            database: Database = scope["app"].state.database
            found[token] = asyncio.create_task(find_key(database, token))
        return await found[token]

    async def _record_use(self, key: ApiKey, database: Database) -> None:
        if key.last_used_at and utc_now() - key.last_used_at < USE_INTERVAL:
            return
        if key.id not in self.uses:
            self.uses[key.id] = use = asyncio.create_task(record_use(database, key.id))
            use.add_done_callback(lambda _: self.uses.pop(key.id))
        await asyncio.wait([self.uses[key.id]], timeout=USE_TIMEOUT_SECONDS)


async def find_key(database: Database, token: str) -> tuple[ApiKey, User]:
    """Return a valid key and its active user, or raise a `BearerTokenError`."""
    if (found_id := key_id(token)) is None:
        raise TokenInvalidError
    async with database.reads() as session:
        found = await ApiKeyRepository(session).find(found_id)
    fingerprint = found[0].fingerprint if found else NO_FINGERPRINT
    if not secrets.compare_digest(fingerprint, hash_token(token)) or found is None:
        raise TokenInvalidError("The API key is not valid.")
    key, user = found
    if not user.is_active:
        raise TokenRevokedError("The user of the API key is disabled.")
    if key.expires_at <= utc_now():
        raise TokenExpiredError("The API key has expired.")
    return found


async def record_use(database: Database, id: UUID) -> None:
    """Store that a key is used now. The request does not depend on it."""
    try:
        async with database.transactions.begin() as session:
            await ApiKeyRepository(session).record_use(id, utc_now())
    except (AppError, PoolTimeoutError) as error:
        log.warning("api_key_use_not_stored", error=type(error).__name__)
