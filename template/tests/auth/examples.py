"""Example requests of the operations of authentication."""

from datetime import timedelta

from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.tokens import new_token
from app.models.auth import TokenPurpose
from app.models.user import User
from app.repositories.auth import SessionRepository
from app.repositories.one_time_token import OneTimeTokenRepository
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
    token = await store_token(session, await make_user(session), TokenPurpose.PASSWORD_RESET)
    return Call(json={"token": token, "new_password": NEW_PASSWORD})


async def unverified_email(_: AsyncClient, session: AsyncSession) -> Call:
    """The email of an account that is not verified."""
    user = await make_user(session, email_verified=False)
    return Call(json={"email": user.email}, later=True)


async def verification_token(_: AsyncClient, session: AsyncSession) -> Call:
    """The token of a mail that verifies an address."""
    user = await make_user(session, email_verified=False)
    return Call(json={"token": await store_token(session, user, TokenPurpose.EMAIL_VERIFICATION)})


async def store_token(session: AsyncSession, user: User, purpose: TokenPurpose) -> str:
    """Store a token for the user's address, and return it."""
    token = new_token()
    await OneTimeTokenRepository(session).store(user.id, purpose, user.email, token, AN_HOUR)
    await session.commit()
    return token


EXAMPLES: dict[str, Example] = {
    "register": newcomer,
    "login": known_user,
    "refresh": logged_in,
    "logout": this_session,
    "change_password": new_password,
    "request_email_verification": unverified_email,
    "verify_email": verification_token,
    "forgot_password": known_email,
    "reset_password": mailed_token,
}
