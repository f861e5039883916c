"""Example users for `just seed`."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import PASSWORD, make_user

USERS = {"admin@example.com": {"is_superuser": True}, "ann@example.com": {}, "ben@example.com": {}}


async def seed(session: AsyncSession) -> str:
    """Add a superuser and two users, unless their addresses are taken."""
    taken = set(await session.scalars(select(User.email)))
    new = [email for email in USERS if email not in taken]
    for email in new:
        await make_user(session, email=email, **USERS[email])
    return f"Users: {len(new)} added, {', '.join(USERS)}, with the password: {PASSWORD}"
