"""Example requests of the operations of authentication."""

from datetime import timedelta

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import new_token
from app.repositories.auth import PasswordResetRepository, SessionRepository
from tests.auth.factories import NEW_PASSWORD, PASSWORD, credentials, make_user
from tests.examples import Call, Example

AN_HOUR = timedelta(hours=1)


async def newcomer(_: AsyncClient, __: AsyncSession) -> Call:
    """A new account."""
    return Call(json={"email": "ada@example.com", "password": PASSWORD})


async def known_user(_: AsyncClient, session: AsyncSession) -> Call:
    """The login form of an account."""
    return Call(form=credentials((await make_user(session)).email))


async def logged_in(_: AsyncClient, session: AsyncSession) -> Call:
    """A refresh token that has not been used."""
    logins = SessionRepository(session)
    login = await logins.open((await make_user(session)).id, AN_HOUR)
    token = new_token()
    await logins.add_token(login, token, AN_HOUR)
    await session.commit()
    return Call(json={"refresh_token": token})


async def this_session(_: AsyncClient, __: AsyncSession) -> Call:
    """The caller's session."""
    return Call(json={"everywhere": False})


async def new_password(_: AsyncClient, __: AsyncSession) -> Call:
    """Another password for the caller."""
    return Call(json={"current_password": PASSWORD, "new_password": NEW_PASSWORD})


async def known_email(_: AsyncClient, session: AsyncSession) -> Call:
    """The email of an account."""
    return Call(json={"email": (await make_user(session)).email}, later=True)


async def mailed_token(_: AsyncClient, session: AsyncSession) -> Call:
    """The token of a mail, with a new password."""
    token = new_token()
    user = await make_user(session)
    await PasswordResetRepository(session).store(user.id, token, AN_HOUR)
    await session.commit()
    return Call(json={"token": token, "new_password": NEW_PASSWORD})


EXAMPLES: dict[str, Example] = {
    "register": newcomer,
    "login": known_user,
    "refresh": logged_in,
    "logout": this_session,
    "change_password": new_password,
    "forgot_password": known_email,
    "reset_password": mailed_token,
}
