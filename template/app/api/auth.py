"""Dependencies of authenticated routes: the current user, and what authentication needs."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends
from fastapi.params import Depends as Dependency
from fastapi.security import OAuth2PasswordBearer
from structlog.contextvars import bind_contextvars

from app.api.deps import SessionDep
from app.api.oauth2 import TOKEN_URL
from app.auth.permissions import Permission
from app.auth.toolkit import AuthTools
from app.core.exceptions import NotAuthenticatedError, PermissionDeniedError
from app.core.mail import Mailer
from app.core.state import Request
from app.models.user import User
from app.services.caller import ApiKeyNotAllowedError, Caller, scheme_of

# For the introduction of the OpenAPI document.
ACCESS = """## Log in

1. Register with `POST /api/v1/auth/register`.
2. In Swagger UI press *Authorize*, and enter your email as `username`. A program sends email and
   password as a form to `POST /api/v1/auth/login`, and then the `access_token` of the answer with
   every request: `Authorization: Bearer <access_token>`.
3. When it expires, `POST /api/v1/auth/refresh` gives new tokens for the `refresh_token`, once.

## Who may do what

The field `x-permission` of an operation says who may call it.

- **Without a login**: register, log in, verify an email address, set a new password by mail, and
  check whether the service is healthy. These operations have no lock.
- **Users**: read what is shared by all, and see and change what is their own.
- **Superusers**: also change what is shared by all, see and change the accounts of others, and see
  `GET /health/detailed`. What else belongs to others they see only where an operation says so.

A request without a token gets 401, one that is not allowed 403, and what belongs to others is 404.
"""
bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_URL, refreshUrl=TOKEN_URL, auto_error=False)


async def get_auth(request: Request) -> AuthTools:
    """The tools of authentication."""
    return request.app.state.auth


async def get_mailer(request: Request) -> Mailer:
    """The mailer: of this process, or of the workers."""
    return request.app.state.mailer


async def get_client_address(request: Request) -> str:
    """The caller's address; a server on a Unix socket knows none."""
    return request.client.host if request.client else "unknown"


AuthDep = Annotated[AuthTools, Depends(get_auth)]
MailerDep = Annotated[Mailer, Depends(get_mailer)]
ClientAddressDep = Annotated[str, Depends(get_client_address)]


async def get_caller(
    request: Request, session: SessionDep, token: Annotated[str | None, Depends(bearer)]
) -> Caller:
    """Authenticate the request by its bearer token."""
    if not token:
        raise NotAuthenticatedError
    scheme = scheme_of(request.app.state.token_schemes, token)
    caller = await scheme.authenticate(session, token, request.scope)
    bind_contextvars(user_id=str(caller.user.id))
    request.state.caller = caller  # read by endpoints that services without users have too
    return caller


CallerDep = Annotated[Caller, Depends(get_caller)]


async def require_nothing() -> None:
    """Declare that a route needs no credentials."""


async def require_owner(caller: CallerDep) -> Caller:
    """Declare that callers reach only what they own; the service looks for no other rows."""
    return caller


async def get_current_user(caller: CallerDep) -> User:
    """The current user."""
    return caller.user


async def require_login(caller: CallerDep) -> Caller:
    """The caller, who must have logged in: no other credential opens accounts and sessions."""
    if not caller.has_logged_in:
        raise ApiKeyNotAllowedError
    return caller


async def require_login_for_self(user_id: UUID, caller: CallerDep) -> None:
    """Let only a login change the caller's own account by its id."""
    if user_id == caller.user.id:
        await require_login(caller)


async def require_superuser(caller: CallerDep) -> Caller:
    """The caller, who must be a superuser."""
    if not caller.is_superuser:
        raise PermissionDeniedError
    return caller


@dataclass(frozen=True, slots=True)
class RequirePermission:
    """A dependency: the caller must hold a permission, or the account that the path names."""

    permission: Permission
    or_own: bool = False

    async def __call__(self, request: Request, caller: CallerDep) -> Caller:
        """Return the caller, or raise `PermissionDeniedError`."""
        own = self.or_own and request.path_params["user_id"] == caller.user.id
        if not (own or caller.holds(self.permission)):
            raise PermissionDeniedError
        return caller


def requires(permission: Permission, *, or_own: bool = False) -> Dependency:
    """Declare the permission that a route requires; `or_own`: or the caller's own `user_id`."""
    return Depends(RequirePermission(permission, or_own))


CurrentUserDep = Annotated[User, Depends(get_current_user)]
LoginDep = Annotated[Caller, Depends(require_login)]

open_access: list[Dependency] = [Depends(require_nothing)]
read_access: list[Dependency] = [Depends(get_caller)]
operator_access: list[Dependency] = [Depends(require_superuser)]


def write_access(permission: str | None) -> list[Dependency]:
    """Return who may change what is shared: who holds the permission; without one, superusers."""
    return [requires(Permission(permission))] if permission else operator_access
