"""Example requests of the operations on accounts."""

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from tests.auth.factories import ME, PASSWORD, log_in, make_user
from tests.examples import Call, Example


async def nothing(_: AsyncClient, __: AsyncSession) -> Call:
    """A request that needs neither a body nor a row."""
    return Call()


async def new_name(_: AsyncClient, __: AsyncSession) -> Call:
    """Another name for the caller."""
    return Call(json={"full_name": "Ada Lovelace"})


async def new_user(_: AsyncClient, __: AsyncSession) -> Call:
    """A new account."""
    return Call(json={"email": "ada@example.com", "password": PASSWORD})


async def existing_user(_: AsyncClient, session: AsyncSession) -> Call:
    """Another account."""
    return Call(path={"user_id": (await make_user(session)).id})


async def promoted_user(_: AsyncClient, session: AsyncSession) -> Call:
    """Another account, which becomes a superuser."""
    return Call(path={"user_id": (await make_user(session)).id}, json={"is_superuser": True})


async def my_password(_: AsyncClient, session: AsyncSession) -> Call:
    """The caller's password."""
    await make_user(session, is_superuser=True)  # or the caller would be the last
    return Call(json={"current_password": PASSWORD})


async def other_login(client: AsyncClient, _: AsyncSession) -> Call:
    """Another session of the caller."""
    await log_in(client, (await client.get(ME)).json()["email"])
    items = (await client.get(f"{ME}/sessions")).json()["items"]
    return Call(path={"session_id": next(one["id"] for one in items if not one["current"])})


EXAMPLES: dict[str, Example] = {
    "get_me": nothing,
    "update_me": new_name,
    "delete_me": my_password,
    "list_sessions": nothing,
    "end_session": other_login,
    "end_other_sessions": nothing,
    "list_users": nothing,
    "create_user": new_user,
    "get_user": existing_user,
    "update_user": promoted_user,
    "delete_user": existing_user,
    "end_user_sessions": existing_user,
}
