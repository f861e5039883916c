"""/api/v1/users: your own account, and with a permission those of others."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response, status

from app.api.auth import CallerDep, LoginDep, require_login_for_self, requires
from app.api.deps import PrefixRouter
from app.api.responses import headers, location, no_store, problems
from app.api.v1.endpoints.auth import AccountServiceDep, AuthServiceDep, UserServiceDep
from app.auth.passwords import PasswordRejectedError
from app.auth.permissions import Permission
from app.core.exceptions import TooManyRequestsError
from app.models.user import User
from app.schemas.auth import SessionList
from app.schemas.pagination import Page
from app.schemas.user import (
    AccountDeletion,
    ProfileUpdate,
    UserCreate,
    UserQuery,
    UserRead,
    UserUpdate,
)
from app.services.auth import SessionNotFoundError
from app.services.password import IncorrectPasswordError
from app.services.user import EmailTakenError, LastSuperuserError, UserInUseError, UserNotFoundError

router = PrefixRouter(prefix="/users", tags=["Users"], dependencies=[Depends(no_store)])


@router.get("/me", response_model=UserRead)
async def get_me(caller: CallerDep) -> User:
    """Read your own account."""
    return caller.user


@router.patch(
    "/me",
    response_model=UserRead,
    responses=problems(EmailTakenError, IncorrectPasswordError, TooManyRequestsError),
)
async def update_me(data: ProfileUpdate, caller: LoginDep, account: AccountServiceDep) -> User:
    """Change your name; or your email, with your password.

    A token is mailed to the new email, which is `pending_email` until it is verified.
    """
    return await account.update_profile(caller, data)


@router.delete(
    "/me",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(
        IncorrectPasswordError, LastSuperuserError, UserInUseError, TooManyRequestsError
    ),
)
async def delete_me(data: AccountDeletion, caller: LoginDep, account: AccountServiceDep) -> None:
    """Delete your account, with your password. All your sessions end."""
    await account.delete(caller, data.current_password.get_secret_value())


@router.get("/me/sessions")
async def list_sessions(caller: LoginDep, service: AuthServiceDep) -> SessionList:
    """List your sessions: where you are logged in."""
    return await service.list_sessions(caller.user, caller.credential.id)


@router.delete("/me/sessions", status_code=status.HTTP_204_NO_CONTENT)
async def end_other_sessions(caller: LoginDep, service: AuthServiceDep) -> None:
    """End all of your sessions but this one. Their tokens are revoked at once."""
    await service.end_other_sessions(caller.user, caller.credential.id)


@router.delete(
    "/me/sessions/{session_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(SessionNotFoundError),
)
async def end_session(session_id: UUID, caller: LoginDep, service: AuthServiceDep) -> None:
    """End one of your sessions."""
    await service.end_session(caller.user, session_id)


@router.get("", dependencies=[requires(Permission.USERS_READ)])
async def list_users(users: UserServiceDep, query: Annotated[UserQuery, Query()]) -> Page[UserRead]:
    """List all accounts."""
    return Page[UserRead].of(await users.page(query), query)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=UserRead,
    responses={201: headers("Location"), **problems(EmailTakenError, PasswordRejectedError)},
    dependencies=[requires(Permission.USERS_WRITE)],
)
async def create_user(
    caller: CallerDep, data: UserCreate, users: UserServiceDep, request: Request, response: Response
) -> User:
    """Add an account."""
    user = await users.create_as(caller, data)
    response.headers["Location"] = location(request, f"/api/v1/users/{user.id}")
    return user


@router.get(
    "/{user_id:uuid}",
    response_model=UserRead,
    responses=problems(UserNotFoundError),
    dependencies=[requires(Permission.USERS_READ, or_own=True)],
)
async def get_user(user_id: UUID, caller: CallerDep, users: UserServiceDep) -> User:
    """Read an account: your own, or another with the permission."""
    return await users.get(user_id, caller)


@router.patch(
    "/{user_id:uuid}",
    response_model=UserRead,
    responses=problems(
        UserNotFoundError, EmailTakenError, LastSuperuserError, PasswordRejectedError
    ),
    dependencies=[Depends(require_login_for_self), requires(Permission.USERS_WRITE)],
)
async def update_user(
    user_id: UUID, caller: CallerDep, data: UserUpdate, users: UserServiceDep
) -> User:
    """Change an account. Disabling it and a new password end its sessions."""
    return await users.update(caller, user_id, data)


@router.delete(
    "/{user_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(UserNotFoundError, LastSuperuserError, UserInUseError),
    dependencies=[Depends(require_login_for_self), requires(Permission.USERS_WRITE)],
)
async def delete_user(user_id: UUID, caller: CallerDep, users: UserServiceDep) -> None:
    """Delete an account."""
    await users.delete(caller, user_id)


@router.delete(
    "/{user_id:uuid}/sessions",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(UserNotFoundError),
    dependencies=[Depends(require_login_for_self), requires(Permission.USERS_WRITE)],
)
async def end_user_sessions(user_id: UUID, caller: CallerDep, users: UserServiceDep) -> None:
    """End all sessions of an account."""
    await users.end_sessions(caller, user_id)
