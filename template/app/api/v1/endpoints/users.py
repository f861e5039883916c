"""/api/v1/users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status

from app.api.auth import AuthDep, CallerDep, ClientAddressDep, CurrentUserDep, requires
from app.api.deps import SessionDep
from app.api.http import location, no_store
from app.api.responses import headers, problems
from app.auth.passwords import PasswordRejectedError
from app.auth.permissions import Permission
from app.core.exceptions import TooManyRequestsError
from app.core.pagination import Page
from app.models.user import User
from app.schemas.user import ProfileUpdate, UserCreate, UserQuery, UserRead, UserUpdate
from app.services.password import IncorrectPasswordError
from app.services.user import (
    EmailTakenError,
    LastSuperuserError,
    UserInUseError,
    UserNotFoundError,
    UserService,
)

router = APIRouter(prefix="/users", tags=["Users"], dependencies=[Depends(no_store)])


async def get_user_service(session: SessionDep, auth: AuthDep) -> UserService:
    """User accounts in the request's session."""
    return UserService(session, auth)


UserServiceDep = Annotated[UserService, Depends(get_user_service)]


@router.get("/me", response_model=UserRead)
async def get_me(user: CurrentUserDep) -> User:
    """Read your own account."""
    return user


@router.patch(
    "/me",
    response_model=UserRead,
    responses=problems(EmailTakenError, IncorrectPasswordError, TooManyRequestsError),
)
async def update_me(
    data: ProfileUpdate, user: CurrentUserDep, users: UserServiceDep, address: ClientAddressDep
) -> User:
    """Change your name; or your email, with your password."""
    return await users.update_profile(user, data, address)


@router.get("", dependencies=[requires(Permission.USERS_READ)])
async def list_users(users: UserServiceDep, query: Annotated[UserQuery, Query()]) -> Page[UserRead]:
    """List accounts. For superusers."""
    return Page[UserRead].of(await users.page(query), query)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=UserRead,
    responses={201: headers("Location"), **problems(EmailTakenError, PasswordRejectedError)},
    dependencies=[requires(Permission.USERS_WRITE)],
)
async def create_user(
    caller: CallerDep,
    data: UserCreate,
    users: UserServiceDep,
    request: Request,
    response: Response,
) -> User:
    """Add an account. For superusers."""
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
    """Read an account: your own, or any as a superuser."""
    return await users.get(user_id, caller)


@router.patch(
    "/{user_id:uuid}",
    response_model=UserRead,
    responses=problems(UserNotFoundError, EmailTakenError, LastSuperuserError),
    dependencies=[requires(Permission.USERS_WRITE)],
)
async def update_user(
    user_id: UUID, caller: CallerDep, data: UserUpdate, users: UserServiceDep
) -> User:
    """Change an account. Disabling it ends its sessions. For superusers."""
    return await users.update(caller, user_id, data)


@router.delete(
    "/{user_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(UserNotFoundError, LastSuperuserError, UserInUseError),
    dependencies=[requires(Permission.USERS_WRITE)],
)
async def delete_user(user_id: UUID, caller: CallerDep, users: UserServiceDep) -> None:
    """Delete an account. For superusers."""
    await users.delete(caller, user_id)
