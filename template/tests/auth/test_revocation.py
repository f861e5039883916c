"""Revocation acts on the next request."""

from httpx2 import AsyncClient
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.base import utc_now
from app.models.auth import LoginSession
from app.models.user import User
from tests.auth.factories import ME, USERS
from tests.problems import assert_problem


async def test_a_token_ends_with_its_session(
    user_client: AsyncClient, session: AsyncSession
) -> None:
    await session.execute(update(LoginSession).values(expires_at=utc_now()))

    assert_problem(await user_client.get(ME), 401, "token_revoked")


async def test_disabling_a_user_ends_the_sessions_at_once(
    user_client: AsyncClient, client: AsyncClient, user: User
) -> None:
    await client.patch(f"{USERS}/{user.id}", json={"is_active": False})
    assert_problem(await user_client.get(ME), 401, "token_revoked")

    await client.patch(f"{USERS}/{user.id}", json={"is_active": True})
    assert_problem(await user_client.get(ME), 401, "token_revoked")


async def test_deleting_a_user_ends_the_sessions_at_once(
    user_client: AsyncClient, client: AsyncClient, user: User
) -> None:
    await client.delete(f"{USERS}/{user.id}")

    assert_problem(await user_client.get(ME), 401, "token_revoked")


async def test_demoting_a_superuser_acts_at_once(
    user_client: AsyncClient, client: AsyncClient, user: User
) -> None:
    await client.patch(f"{USERS}/{user.id}", json={"is_superuser": True})
    assert (await user_client.get(USERS)).status_code == 200

    await client.patch(f"{USERS}/{user.id}", json={"is_superuser": False})
    assert_problem(await user_client.get(USERS), 403, "permission_denied")
