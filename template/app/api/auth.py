"""Who is calling: the dependencies of every route that needs a user."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request
from fastapi.params import Depends as Dependency
from fastapi.security import OAuth2PasswordBearer
from structlog.contextvars import bind_contextvars

from app.api.deps import SessionDep
from app.api.oauth2 import TOKEN_URL
from app.auth.state import Auth
from app.core.exceptions import NotAuthenticatedError, PermissionDeniedError
from app.core.mail import Mailer
from app.models.user import User
from app.services.auth import AuthService
from app.services.password import PasswordService
from app.services.registration import RegistrationService
from app.services.user import UserService

# For the introduction of the OpenAPI document.
ACCESS = """## Log in

Register with `POST /api/v1/auth/register`, then send your email (as `username`) and password as a
form to `POST /api/v1/auth/login`; in Swagger UI the button *Authorize* does that. Send the
`access_token` of the answer with every request: `Authorization: Bearer <access_token>`. When it has
expired, `POST /api/v1/auth/refresh` gives new tokens for the `refresh_token`, which works once.

## Who may do what

- **Everybody** may call the operations without a lock: to register, log in, refresh, ask for and
  set a new password, and see whether the service is healthy.
- **Users**, whose access token is sent, may call the others, but see and change only what belongs
  to them, besides reading items.
- **Superusers** alone may add, change and delete items, see and change the accounts of others,
  confirm orders, and see `GET /health/detailed`. They may see what others have, but for files.

A request without a token gets 401, and one without the permission 403.
"""
bearer = OAuth2PasswordBearer(tokenUrl=TOKEN_URL, refreshUrl=TOKEN_URL, auto_error=False)


@dataclass(frozen=True, slots=True)
class Caller:
    """The user of a request, and the login it belongs to."""

    user: User
    session_id: UUID


async def get_auth(request: Request) -> Auth:
    """The tools of authentication."""
    return request.app.state.auth


async def get_mailer(request: Request) -> Mailer:
    """Where mail is posted: whichever feature has taken that over."""
    return request.app.state.mailer


async def get_client_address(request: Request) -> str:
    """The caller's address; a server on a Unix socket knows none."""
    return request.client.host if request.client else "unknown"


ClientAddressDep = Annotated[str, Depends(get_client_address)]
AuthDep = Annotated[Auth, Depends(get_auth)]
MailerDep = Annotated[Mailer, Depends(get_mailer)]


async def get_auth_service(session: SessionDep, auth: AuthDep) -> AuthService:
    """Logins in the request's session."""
    return AuthService(session, auth)


async def get_user_service(session: SessionDep, auth: AuthDep) -> UserService:
    """Accounts in the request's session."""
    return UserService(session, auth)


AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]
UserServiceDep = Annotated[UserService, Depends(get_user_service)]


async def get_password_service(users: UserServiceDep) -> PasswordService:
    """Passwords in the request's session."""
    return PasswordService(users)


async def get_registration_service(users: UserServiceDep, mailer: MailerDep) -> RegistrationService:
    """Registration in the request's session."""
    return RegistrationService(users, mailer)


PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]
RegistrationServiceDep = Annotated[RegistrationService, Depends(get_registration_service)]


async def get_caller(
    request: Request, session: SessionDep, token: Annotated[str | None, Depends(bearer)]
) -> Caller:
    """The user of the access token. A session that has ended, ends here and now.

    The service is made here: every dependency costs time, and this is on every request's way.
    """
    if not token:
        raise NotAuthenticatedError
    auth: Auth = request.app.state.auth
    # The rate limit has already verified the token of this request.
    claims = getattr(request.state, "access_claims", None) or auth.tokens.verify(token)
    user, session_id = await AuthService(session, auth).authenticate(claims)
    bind_contextvars(user_id=str(user.id))
    request.state.user = user  # for what works with and without users
    return Caller(user, session_id)


CallerDep = Annotated[Caller, Depends(get_caller)]


async def get_current_user(caller: CallerDep) -> User:
    """The user alone."""
    return caller.user


async def require_superuser(caller: CallerDep) -> User:
    """The user, who is a superuser."""
    if not caller.user.is_superuser:
        raise PermissionDeniedError
    return caller.user


CurrentUserDep = Annotated[User, Depends(get_current_user)]
SuperuserDep = Annotated[User, Depends(require_superuser)]

read_access: list[Dependency] = [Depends(get_caller)]
write_access: list[Dependency] = [Depends(require_superuser)]
operator_access: list[Dependency] = [Depends(require_superuser)]
