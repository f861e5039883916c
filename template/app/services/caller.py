"""Who calls: the user, how they have signed in, and what they may do now."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import ALL_PERMISSIONS, Permission
from app.models.user import User

Scope = MutableMapping[str, Any]


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
    def is_superuser(self) -> bool:
        """Whether the caller may do everything: a credential may grant less than its user holds."""
        return self.user.is_superuser and self.permissions == ALL_PERMISSIONS


class TokenScheme(Protocol):
    """A kind of bearer token, and how to authenticate it."""

    def recognizes(self, token: str) -> bool:
        """Return whether the token is of this kind, valid or not."""
        ...

    def user_id(self, token: str, scope: Scope) -> str | None:
        """Return the user for rate limits; None if the token is not valid. Needs no database."""
        ...

    async def authenticate(self, session: AsyncSession, token: str, scope: Scope) -> Caller:
        """Return the caller, or raise a `BearerTokenError`."""
        ...


def scheme_of(schemes: Sequence[TokenScheme], token: str) -> TokenScheme:
    """Return the first scheme that recognizes the token; the last one, of access tokens, does."""
    return next(scheme for scheme in schemes if scheme.recognizes(token))


def permissions_of(user: User) -> frozenset[Permission]:
    """Return what a user may do: everything as a superuser."""
    return ALL_PERMISSIONS if user.is_superuser else frozenset()
