"""API keys: creating, listing and deleting them, and signing in with one."""

import asyncio
import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID
from zlib import crc32

from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.auth.tokens import TokenExpiredError, TokenInvalidError, TokenRevokedError, hash_token
from app.core.config import PROJECT
from app.core.exceptions import ConflictError, NotFoundError
from app.core.state import app_of
from app.db.base import utc_now
from app.db.session import Database
from app.models.api_key import ApiKey
from app.models.user import User
from app.repositories.api_key import ApiKeyRepository, find_active_keys
from app.schemas.api_key import ApiKeyCreate
from app.services.caller import CREDENTIAL_ERRORS, Caller, Credential, Scope, UseRecorder
from app.services.password import PasswordService

# `<service>_<id>_<secret><checksum>`, found by scanners for secrets; the checksum is the CRC-32
# (RFC 1952 §8) of all that is before it. The service's name may change, so any is accepted.
KEY = re.compile(r"([!-~]+_([0-9a-f]{32})_[0-9a-f]{64})([0-9a-f]{8})")
SECRET_BYTES = 32
MAX_KEYS = 50
# Of the ASGI scope, for the look-ups of a request.
SCOPE_KEY = "app.api_keys"
# An unknown key is compared with it: the work is the same.
NO_FINGERPRINT = hash_token("")


def key_prefix(id: UUID) -> str:
    """Return how the key with this id begins. It is not secret."""
    return f"{PROJECT.name}_{id.hex}"


def new_key(prefix: str) -> str:
    """Return a new key."""
    text = f"{prefix}_{secrets.token_hex(SECRET_BYTES)}"
    return text + checksum(text)


def key_id(token: str) -> UUID | None:
    """Return the id in a key, valid or not; None if the text is not a key."""
    found = KEY.fullmatch(token)
    return UUID(found[2]) if found and found[3] == checksum(found[1]) else None


def checksum(text: str) -> str:
    """Return the checksum at the end of a key."""
    return f"{crc32(text.encode()):08x}"


class ApiKeyNotFoundError(NotFoundError):
    """The caller has no key with this id."""

    detail = "You have no such API key."


class TooManyApiKeysError(ConflictError):
    """The user has `MAX_KEYS` keys."""

    detail = f"You have {MAX_KEYS} API keys. Delete one first."


class ApiKeyService:
    """The API keys of a user, in the caller's transaction."""

    def __init__(self, passwords: PasswordService, caller: Caller) -> None:
        self.caller = caller
        self.keys = ApiKeyRepository(passwords.session)
        self.passwords = passwords

    async def all(self) -> Sequence[ApiKey]:
        """Return the keys, newest first."""
        return await self.keys.of_user(self.caller.user.id)

    async def create(self, data: ApiKeyCreate) -> tuple[ApiKey, str]:
        """Add a key and return it with its text, or raise `TooManyApiKeysError`."""
        fields = data.model_dump(exclude={"expires_in_days"})
        self.caller.require_grant(frozenset(fields.get("permissions") or ()))
        # Parallel requests are counted one after the other; and none passes one that disables.
        await self.passwords.lock(self.caller)
        if len(await self.all()) >= MAX_KEYS:
            raise TooManyApiKeysError
        prefix = key_prefix(new_id := uuid7())
        key = new_key(prefix)
        row = ApiKey(
            id=new_id,
            user_id=self.caller.user.id,
            prefix=prefix,
            fingerprint=hash_token(key),
            expires_at=utc_now() + timedelta(days=data.expires_in_days),
            **fields,
        )
        return await self.keys.add(row), key

    async def delete(self, id: UUID) -> None:
        """Delete a key, or raise `ApiKeyNotFoundError`."""
        if not await self.keys.delete_of_user(self.caller.user.id, id):
            raise ApiKeyNotFoundError


class ApiKeyScheme:
    """API keys as bearer tokens. The database is asked once a request."""

    find_active = staticmethod(find_active_keys)

    def __init__(self, uses: UseRecorder) -> None:
        self.uses = uses

    def recognizes(self, token: str) -> bool:
        """Return whether the token has the form of a key, and its checksum."""
        return key_id(token) is not None

    async def user_id(self, token: str, scope: Scope) -> str | None:
        """Return the key's user; None if it is not valid, or the database does not answer."""
        try:
            _, user = await self._find_once(token, scope)
        except CREDENTIAL_ERRORS:
            return None
        return str(user.id)

    async def authenticate(self, session: AsyncSession, token: str, scope: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        key, user = await self._find_once(token, scope)
        session.add(user)
        await self.uses.record(app_of(scope).state.database, ApiKey, key.id, key.last_used_at)
        named = user.permissions if key.permissions is None else key.permissions
        granted = frozenset(name for name in user.permissions if name in named)
        return Caller(user, Credential("api_key", key.id, key.expires_at), granted)

    async def _find_once(self, token: str, scope: Scope) -> tuple[ApiKey, User]:
        """Find a request's key: once, for the rate limit and for the endpoint, also if it fails."""
        found = scope.setdefault(SCOPE_KEY, {})
        if token not in found:
            found[token] = asyncio.create_task(find_key(app_of(scope).state.database, token))
        return await found[token]


async def find_key(database: Database, token: str) -> tuple[ApiKey, User]:
    """Return a valid key and its active user, or raise a `BearerTokenError`."""
    async with database.reads() as session:
        found = await ApiKeyRepository(session).find(key_id(token))
    fingerprint = found[0].fingerprint if found else NO_FINGERPRINT
    if not secrets.compare_digest(fingerprint, hash_token(token)) or found is None:
        raise TokenInvalidError("The API key is not valid.")
    key, user = found
    if not user.is_active:
        raise TokenRevokedError("The user of the API key is disabled.")
    if key.expires_at <= utc_now():
        raise TokenExpiredError("The API key has expired.")
    return found
