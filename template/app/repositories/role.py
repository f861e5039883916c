"""Queries about roles."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, insert, select

from app.models.role import Role, UserRole
from app.repositories.base import Repository


class RoleRepository(Repository[Role]):
    """The roles of one session."""

    model = Role

    async def all(self) -> Sequence[Role]:
        """Return every role, by name."""
        return (await self.session.scalars(select(Role).order_by(Role.name))).all()

    async def lock_named(self, names: Collection[str]) -> Sequence[Role]:
        """Return the roles of these names, which cannot change until the transaction ends."""
        statement = select(Role).where(Role.name.in_(names)).order_by(Role.id)
        return (await self.session.scalars(statement.with_for_update(read=True))).all()

    async def assign(self, user_id: UUID, roles: Collection[Role]) -> None:
        """Give a user these roles in place of all others."""
        await self.session.execute(delete(UserRole).where(UserRole.user_id == user_id))
        if roles:
            rows = [{"user_id": user_id, "role_id": role.id} for role in roles]
            await self.session.execute(insert(UserRole), rows)
