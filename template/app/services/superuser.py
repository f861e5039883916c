"""The first superuser, who can let others in."""

from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.password_policy import PasswordRejectedError
from app.auth.state import Auth
from app.core.settings import EnvSettings, SettingsError
from app.models.user import User
from app.repositories.user import UserRepository
from app.schemas.user import UserCreate
from app.services.password import PasswordService
from app.services.user import EmailTakenError, UserService


class FirstSuperuser(EnvSettings):
    """Whom `python -m app create-superuser` creates."""

    first_superuser_email: str = ""
    first_superuser_password: SecretStr = SecretStr("")


async def create_superuser(session: AsyncSession, auth: Auth, email: str, password: str) -> bool:
    """Create the superuser and commit, or return False if it exists. Raises `SettingsError`."""
    if already(await UserRepository(session).by_email(email)):
        return False
    try:
        await UserService(session, auth).create(_account(email, password))
        await session.commit()
    except PasswordRejectedError as error:
        raise SettingsError(f"FIRST_SUPERUSER_PASSWORD: {error.message}") from None
    except EmailTakenError:  # the same command, run twice at once
        return False
    return True


async def reset_password(session: AsyncSession, auth: Auth, email: str, password: str) -> None:
    """Set a user's password and commit. Raises `SettingsError`."""
    user = await UserRepository(session).by_email(email)
    if user is None:
        raise SettingsError("--email: there is no account with this address")
    try:
        await PasswordService(UserService(session, auth)).replace(user, password)
        await session.commit()
    except PasswordRejectedError as error:
        raise SettingsError(f"password: {error.message}") from None


def already(user: User | None) -> bool:
    """Whether there is nothing to do. An ordinary account is not promoted: anybody may own it."""
    if user is not None and not user.is_superuser:
        raise SettingsError("FIRST_SUPERUSER_EMAIL: is an ordinary account; choose another email")
    return user is not None


def _account(email: str, password: str) -> UserCreate:
    try:
        return UserCreate(email=email, password=SecretStr(password), is_superuser=True)
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0]).upper()
        raise SettingsError(f"FIRST_SUPERUSER_{field}: is missing or not valid") from None
