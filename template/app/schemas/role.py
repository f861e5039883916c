"""Request and response bodies of roles and permissions."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import MISSING, AfterValidator, BeforeValidator, Field, ValidationInfo

from app.auth.permissions import Permission, held_permissions
from app.schemas.base import Input, Output, SafeText, reject_unstorable

MAX_ROLES = 100

RoleName = Annotated[
    str,
    AfterValidator(reject_unstorable),
    Field(min_length=1, max_length=50, pattern=r"^[^\u0000-\u001f\u007f]*$", examples=["Support"]),
]
RoleDescription = Annotated[
    SafeText, Field(max_length=500, examples=["Answers questions of users"])
]


def drop_unknown(names: Any) -> list[Permission]:
    """Return the names that are permissions, sorted: older code may have stored others."""
    return [permission for permission in sorted(Permission) if permission in names]


GrantedPermissions = Annotated[
    list[Permission], AfterValidator(drop_unknown), Field(examples=[["users:read"]])
]
ReadPermissions = Annotated[
    list[Permission], BeforeValidator(drop_unknown), Field(examples=[["users:read"]])
]
# Of a user, from the attribute `roles`: each role with what it grants.
HeldRoles = Annotated[list[str], BeforeValidator(sorted), Field(examples=[["Support"]])]


def read_held_permissions(roles: Any, info: ValidationInfo) -> list[Permission]:
    """Return what a user holds, sorted."""
    return sorted(held_permissions(roles, is_superuser=info.data["is_superuser"]))


HeldPermissions = Annotated[
    list[Permission],
    BeforeValidator(read_held_permissions),
    Field(validation_alias="roles", examples=[["users:read"]]),
]


class RoleCreate(Input):
    """Body for adding a role."""

    name: RoleName
    description: RoleDescription | None = None
    permissions: GrantedPermissions = []


class RoleUpdate(Input):
    """Changes of a role. `permissions` replaces all of them."""

    name: RoleName | MISSING = MISSING
    description: RoleDescription | None | MISSING = MISSING
    permissions: GrantedPermissions | MISSING = MISSING


class RoleRead(Output):
    """A role."""

    id: UUID
    name: Annotated[str, Field(examples=["Support"])]
    description: Annotated[str | None, Field(examples=["Answers questions of users"])]
    permissions: ReadPermissions


class RoleList(Output):
    """All roles, by name."""

    items: list[RoleRead]


class PermissionList(Output):
    """All permissions, by name."""

    items: Annotated[list[Permission], Field(examples=[["users:read", "users:write"]])]


class UserRolesUpdate(Input):
    """The names of all roles of a user."""

    roles: Annotated[list[RoleName], Field(max_length=MAX_ROLES, examples=[["Support"]])]
