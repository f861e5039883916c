"""Dependencies of authenticated routes: the current user, and what authentication needs."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.security import OAuth2PasswordBearer
from structlog.contextvars import bind_contextvars

from app.api.deps import SessionDep
from app.api.oauth2 import TOKEN_URL
from app.auth.toolkit import AuthTools
from app.core.exceptions import NotAuthenticatedError, PermissionDeniedError
from app.core.mail import Mailer
from app.models.user import User
from app.services.auth import AuthService

# For the introduction of the OpenAPI document.
ACCESS = """## Log in

Register with `POST /api/v1/auth/register`, then send your email (as `username`) and password as a
form to `POST /api/v1/auth/login`; in Swagger UI the button *Authorize* does that. Send the
`access_token` of the answer with every request: `Authorization: Bearer <access_token>`. When it has
expired, `POST /api/v1/auth/refresh` gives new tokens for the `refresh_token`, which works once.

## Who may do what

- **Without a login** you may call the operations without a lock: register, log in, refresh, ask
  for and set a new password, and check whether the service is healthy.
- **Users**, whose access token is sent, may call the others, but see and change only what belongs
  to them, and read what is shared by all.
- **Superusers** alone may change what is shared by all, see and change the accounts of others, and
  see `GET /health/detailed`. They may see what others have, but for files.

A request without a token gets 401, and one without the permission 403.
"""
bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_URL, refreshUrl=TOKEN_URL, auto_error=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request, and the login session of its token."""

    user: User
    session_id: UUID


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
    """Authenticate the request by its access token, and check that the session has not ended.

    The service is made here: every dependency costs time, and most requests pass this one.
    """
    if not token:
        raise NotAuthenticatedError
    auth: AuthTools = request.app.state.auth
    claims = auth.tokens.verify_once(token, request.scope)
    user = await AuthService(session, auth).authenticate(claims)
    bind_contextvars(user_id=str(user.id))
    request.state.user = user  # for routes that services without users have too
    return Caller(user, claims.session_id)


CallerDep = Annotated[Caller, Depends(get_caller)]


async def get_current_user(caller: CallerDep) -> User:
    """The current user."""
    return caller.user


async def require_superuser(caller: CallerDep) -> User:
    """The current user, who must be a superuser."""
    if not caller.user.is_superuser:
        raise PermissionDeniedError
    return caller.user


CurrentUserDep = Annotated[User, Depends(get_current_user)]
SuperuserDep = Annotated[User, Depends(require_superuser)]

read_access: list[Dependency] = [Depends(get_caller)]
write_access: list[Dependency] = [Depends(require_superuser)]
operator_access: list[Dependency] = [Depends(require_superuser)]
