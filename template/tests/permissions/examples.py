"""Example requests of the operations on roles."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.auth.factories import make_user
from tests.examples import Call, Example
from tests.permissions.factories import make_role


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_role(_: AsyncClient, __: AsyncSession) -> Call:
    """A new role."""
    return Call(json={"name": "Support", "permissions": ["users:read"]})


async def existing_role(_: AsyncClient, session: AsyncSession) -> Call:
    """A role."""
    return Call(path={"role_id": (await make_role(session)).id})


async def changed_role(_: AsyncClient, session: AsyncSession) -> Call:
    """A role, which is to grant something else."""
    role = await make_role(session)
    return Call(path={"role_id": role.id}, json={"permissions": ["roles:read"]})


async def user_with_role(_: AsyncClient, session: AsyncSession) -> Call:
    """A user, who is to have a role."""
    role, user = await make_role(session), await make_user(session)
    return Call(path={"user_id": user.id}, json={"roles": [role.name]})


EXAMPLES: dict[str, Example] = {
    "list_permissions": nothing,
    "list_roles": nothing,
    "create_role": new_role,
    "get_role": existing_role,
    "update_role": changed_role,
    "delete_role": existing_role,
    "set_user_roles": user_with_role,
}
