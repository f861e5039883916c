"""Factories of roles and of users who have them."""

from itertools import count

from sqlalchemy.ext.asyncio import AsyncSession

from app.models.role import Role, UserRole
from app.models.user import User
from tests.auth.factories import make_user

ROLES = "/api/v1/roles"
PERMISSIONS = "/api/v1/permissions"

numbers = count(1)


async def make_role(session: AsyncSession, *permissions: str, name: str = "") -> Role:
    """Add a role that grants these permissions."""
    role = Role(name=name or f"Role {next(numbers)}", permissions=list(permissions))
    session.add(role)
    await session.commit()
    return role


async def give(session: AsyncSession, user: User, *roles: Role) -> None:
    """Give a user more roles."""
    session.add_all([UserRole(user_id=user.id, role_id=role.id) for role in roles])
    await session.commit()


async def make_holder(session: AsyncSession, *permissions: str) -> User:
    """Add a user who holds exactly these permissions, by a role."""
    user = await make_user(session)
    await give(session, user, await make_role(session, *permissions))
    return user
