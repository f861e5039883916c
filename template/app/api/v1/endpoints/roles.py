"""/api/v1/permissions, /api/v1/roles and the roles of users."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response, status

from app.api.auth import CallerDep, require_login_for_self, requires
from app.api.deps import SessionDep
from app.api.responses import headers, location, no_store, problems
from app.auth.permissions import Permission
from app.models.role import Role
from app.models.user import User
from app.schemas.role import (
    PermissionList,
    RoleCreate,
    RoleList,
    RoleRead,
    RoleUpdate,
    UserRolesUpdate,
)
from app.schemas.user import UserRead
from app.services.role import RoleNameTakenError, RoleNotFoundError, RoleService, UnknownRoleError
from app.services.user import UserNotFoundError

router = APIRouter(tags=["Roles"], dependencies=[Depends(no_store)])


async def get_role_service(session: SessionDep, caller: CallerDep) -> RoleService:
    """Make the service for one request."""
    return RoleService(session, caller)


RoleServiceDep = Annotated[RoleService, Depends(get_role_service)]


@router.get("/permissions", dependencies=[requires(Permission.ROLES_READ)])
async def list_permissions() -> PermissionList:
    """List the permissions that roles can grant."""
    return PermissionList(items=sorted(Permission))


@router.get("/roles", dependencies=[requires(Permission.ROLES_READ)])
async def list_roles(roles: RoleServiceDep) -> RoleList:
    """List the roles."""
    return RoleList(items=[RoleRead.model_validate(role) for role in await roles.all()])


@router.post(
    "/roles",
    status_code=status.HTTP_201_CREATED,
    response_model=RoleRead,
    responses={201: headers("Location"), **problems(RoleNameTakenError)},
    dependencies=[requires(Permission.ROLES_WRITE)],
)
async def create_role(
    data: RoleCreate, roles: RoleServiceDep, request: Request, response: Response
) -> Role:
    """Add a role. It can grant only what you hold."""
    role = await roles.create(data)
    response.headers["Location"] = location(request, f"/api/v1/roles/{role.id}")
    return role


@router.get(
    "/roles/{role_id:uuid}",
    response_model=RoleRead,
    responses=problems(RoleNotFoundError),
    dependencies=[requires(Permission.ROLES_READ)],
)
async def get_role(role_id: UUID, roles: RoleServiceDep) -> Role:
    """Read a role."""
    return await roles.get(role_id)


@router.patch(
    "/roles/{role_id:uuid}",
    response_model=RoleRead,
    responses=problems(RoleNotFoundError, RoleNameTakenError),
    dependencies=[requires(Permission.ROLES_WRITE)],
)
async def update_role(role_id: UUID, data: RoleUpdate, roles: RoleServiceDep) -> Role:
    """Change a role. What it grants counts from the next request of its users on."""
    return await roles.update(role_id, data)


@router.delete(
    "/roles/{role_id:uuid}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(RoleNotFoundError),
    dependencies=[requires(Permission.ROLES_WRITE)],
)
async def delete_role(role_id: UUID, roles: RoleServiceDep) -> None:
    """Delete a role, which takes it from all users."""
    await roles.delete(role_id)


@router.put(
    "/users/{user_id:uuid}/roles",
    response_model=UserRead,
    responses=problems(UserNotFoundError, UnknownRoleError),
    dependencies=[Depends(require_login_for_self), requires(Permission.USERS_WRITE)],
)
async def set_user_roles(user_id: UUID, data: UserRolesUpdate, roles: RoleServiceDep) -> User:
    """Give a user these roles, in place of all others. They can grant only what you hold."""
    return await roles.assign(user_id, data.roles)
