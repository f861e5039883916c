"""Roles, and giving them to users. Callers grant only what they hold themselves."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.permissions import Permission, held_permissions
from app.core.exceptions import AppError, ConflictError, NotFoundError
from app.db.errors import is_unique_violation
from app.models.role import Role
from app.models.user import User
from app.repositories.role import RoleRepository
from app.repositories.user import UserRepository
from app.schemas.role import RoleCreate, RoleUpdate
from app.services.caller import Caller
from app.services.user import UserNotFoundError, require_control


class RoleNotFoundError(NotFoundError):
    """No role has this id."""

    detail = "There is no such role."


class RoleNameTakenError(ConflictError):
    """Role names are unique."""

    code = "name_taken"
    detail = "Another role has this name."


class UnknownRoleError(AppError):
    """A user is to have a role that does not exist."""

    status = 422
    code = "validation_error"
    detail = "There is no role of one of these names."
    loc = ("body", "roles")


class RoleService:
    """Roles, in the caller's transaction."""

    def __init__(self, session: AsyncSession, caller: Caller) -> None:
        self.session = session
        self.caller = caller
        self.roles = RoleRepository(session)
        self.users = UserRepository(session)

    async def all(self) -> Sequence[Role]:
        """Return every role, by name."""
        return await self.roles.all()

    async def get(self, id: UUID) -> Role:
        """Return a role, or raise `RoleNotFoundError`."""
        role = await self.roles.get(id)
        if role is None:
            raise RoleNotFoundError
        return role

    async def create(self, data: RoleCreate) -> Role:
        """Add a role, or raise `RoleNameTakenError`."""
        self.caller.require_grant(frozenset(data.permissions))
        role = Role(**data.model_dump())
        self.session.add(role)
        await self._flush()
        return role

    async def update(self, id: UUID, data: RoleUpdate) -> Role:
        """Change a role that grants no more than the caller holds, before and after."""
        role = await self._lock(id)
        for name, value in data.model_dump().items():
            setattr(role, name, value)
        self.caller.require_grant(permissions_of(role))
        await self._flush()
        return role

    async def delete(self, id: UUID) -> None:
        """Delete a role, which takes it from all users."""
        await self.roles.delete(await self._lock(id))

    async def assign(self, user_id: UUID, names: Sequence[str]) -> User:
        """Give a user these roles in place of all others, or raise `UnknownRoleError`."""
        user = await self.users.get_for_update(user_id)
        if user is None:
            raise UserNotFoundError
        require_control(self.caller, user)
        roles = await self.roles.lock_named(set(names))
        if len(roles) < len(set(names)):
            raise UnknownRoleError
        self.caller.require_grant(permissions_of(*roles))
        await self.roles.assign(user_id, roles)
        await self.session.refresh(user, ["roles"])
        return user

    async def _lock(self, id: UUID) -> Role:
        """Lock a role that grants no more than the caller holds."""
        role = await self.roles.get_for_update(id)
        if role is None:
            raise RoleNotFoundError
        self.caller.require_grant(permissions_of(role))
        return role

    async def _flush(self) -> None:
        try:
            await self.session.flush()
        except IntegrityError as error:
            if is_unique_violation(error):
                raise RoleNameTakenError from error
            raise


def permissions_of(*roles: Role) -> frozenset[Permission]:
    """Return what roles grant together."""
    return held_permissions({role.name: role.permissions for role in roles}, is_superuser=False)
