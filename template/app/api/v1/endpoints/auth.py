"""/api/v1/auth: login, logout and passwords. Registration is in registration.py."""

from typing import Annotated

from fastapi import BackgroundTasks, Body, Depends, Form, Request, status
from fastapi.exceptions import RequestValidationError

from app.api.auth import AuthDep, ClientAddressDep, LoginDep, MailerDep, open_access
from app.api.deps import PrefixRouter, SessionDep
from app.api.oauth2 import REFUSED_REFRESH, RefreshTokenMissingError
from app.api.responses import no_store, problems
from app.auth.passwords import PasswordRejectedError
from app.core.exceptions import TooManyRequestsError
from app.schemas.auth import (
    LogoutRequest,
    MailRequest,
    MailRequested,
    PasswordChange,
    PasswordResetRequest,
    RefreshRequest,
    TokenForm,
    TokenPair,
)
from app.services.account import AccountService
from app.services.auth import (
    AuthService,
    InvalidCredentialsError,
    RefreshTokenInvalidError,
    RefreshTokenReusedError,
)
from app.services.password import (
    EmailNotVerifiedError,
    IncorrectPasswordError,
    PasswordService,
    ResetTokenInvalidError,
)
from app.services.user import UserService

router = PrefixRouter(prefix="/auth", tags=["Auth"], dependencies=[Depends(no_store)])


async def get_auth_service(session: SessionDep, auth: AuthDep) -> AuthService:
    """Make the service of login sessions for one request."""
    return AuthService(session, auth)


async def get_password_service(
    session: SessionDep, auth: AuthDep, mailer: MailerDep, address: ClientAddressDep
) -> PasswordService:
    """Make the service of passwords for one request."""
    return PasswordService(session, auth, mailer, address)


AuthServiceDep = Annotated[AuthService, Depends(get_auth_service)]
PasswordServiceDep = Annotated[PasswordService, Depends(get_password_service)]


async def get_user_service(passwords: PasswordServiceDep) -> UserService:
    """Make the service of user accounts for one request."""
    return UserService(passwords)


UserServiceDep = Annotated[UserService, Depends(get_user_service)]


async def get_account_service(accounts: UserServiceDep) -> AccountService:
    """Make the service of the caller's own account for one request."""
    return AccountService(accounts)


AccountServiceDep = Annotated[AccountService, Depends(get_account_service)]


@router.post(
    "/login",
    responses=REFUSED_REFRESH
    | problems(InvalidCredentialsError, EmailNotVerifiedError, TooManyRequestsError),
    dependencies=open_access,
)
async def login(
    form: Annotated[TokenForm, Form()],
    service: AuthServiceDep,
    passwords: PasswordServiceDep,
    address: ClientAddressDep,
    request: Request,
) -> TokenPair:
    """Log in with email (as `username`) and password, or refresh (RFC 6749 §4.3, §6)."""
    if form.grant_type == "refresh_token":
        if not form.refresh_token:
            raise RefreshTokenMissingError
        return await service.refresh(form.refresh_token)
    password = form.password.get_secret_value()
    if not (form.username and password):
        raise missing(username=form.username, password=password)
    user = await passwords.authenticate(form.username, password)
    user_agent = request.headers.get("user-agent", "").replace("\x00", "")  # no text has NUL in SQL
    return await service.login(user, address, user_agent)


def missing(**fields: str) -> RequestValidationError:
    """Report the fields that were not sent, as FastAPI would."""
    return RequestValidationError(
        [
            {"type": "missing", "loc": ("body", name), "msg": "Field required"}
            for name, value in fields.items()
            if not value
        ]
    )


@router.post(
    "/refresh",
    responses=problems(RefreshTokenInvalidError, RefreshTokenReusedError),
    dependencies=open_access,
)
async def refresh(data: RefreshRequest, service: AuthServiceDep) -> TokenPair:
    """Get new tokens for a refresh token, which can be used once."""
    return await service.refresh(data.refresh_token)


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(
    caller: LoginDep,
    service: AuthServiceDep,
    data: Annotated[LogoutRequest | None, Body()] = None,
) -> None:
    """End this session, or all of yours. Their tokens are revoked at once."""
    everywhere = data is not None and data.everywhere
    await service.logout(caller.user, caller.credential.id, everywhere=everywhere)


@router.post(
    "/password",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(IncorrectPasswordError, PasswordRejectedError, TooManyRequestsError),
)
async def change_password(
    data: PasswordChange, caller: LoginDep, passwords: PasswordServiceDep
) -> None:
    """Change your password. Your other sessions end."""
    current, new = data.current_password, data.new_password
    await passwords.change(caller, current.get_secret_value(), new.get_secret_value())


@router.post(
    "/password/forgot",
    status_code=status.HTTP_202_ACCEPTED,
    responses=problems(TooManyRequestsError),
    dependencies=open_access,
)
async def forgot_password(
    data: MailRequest, account: AccountServiceDep, tasks: BackgroundTasks
) -> MailRequested:
    """Request a mail with a token for a new password. The answer is always the same."""
    await account.limit_reset(data.email)
    tasks.add_task(account.mail_reset, data.email)
    return MailRequested()


@router.post(
    "/password/reset",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(ResetTokenInvalidError, PasswordRejectedError),
    dependencies=open_access,
)
async def reset_password(data: PasswordResetRequest, passwords: PasswordServiceDep) -> None:
    """Set a new password with the token from the mail. All your sessions end."""
    await passwords.reset(data.token, data.new_password.get_secret_value())
