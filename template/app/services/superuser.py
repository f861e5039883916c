"""The commands for accounts: create the first superuser, reset a password."""

from pydantic import SecretStr, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.passwords import PasswordRejectedError
from app.auth.toolkit import AuthTools
from app.core.mail import Mailer
from app.core.settings import EnvSettings, SettingsError
from app.repositories.user import UserRepository
from app.schemas.user import UserCreate
from app.services.password import PasswordService
from app.services.user import EmailTakenError, UserService


class FirstSuperuser(EnvSettings):
    """The account that `python -m app create-superuser` creates."""

    first_superuser_email: str = ""
    first_superuser_password: SecretStr = SecretStr("")


async def create_superuser(
    session: AsyncSession, auth: AuthTools, mailer: Mailer, email: str, password: str
) -> bool:
    """Create the superuser and commit, or return False if it exists. Raises `SettingsError`."""
    user = await UserRepository(session).by_email(email)
    if user is not None:
        if user.is_superuser:
            return False
        # It is not promoted: its owner need not be the operator.
        raise SettingsError("FIRST_SUPERUSER_EMAIL: is an ordinary account; choose another email")
    try:
        data = UserCreate(email=email, password=SecretStr(password), is_superuser=True)
        await UserService(session, auth, mailer).create(data)
        await session.commit()
    except ValidationError as error:
        field = str(error.errors()[0]["loc"][0]).upper()
        raise SettingsError(f"FIRST_SUPERUSER_{field}: is missing or not valid") from None
    except PasswordRejectedError as error:
        raise SettingsError(f"FIRST_SUPERUSER_PASSWORD: {error.message}") from None
    except EmailTakenError:  # the same command runs in parallel
        return False
    return True


async def reset_password(
    session: AsyncSession, auth: AuthTools, mailer: Mailer, email: str, password: str
) -> None:
    """Set a user's password and commit. Raises `SettingsError`."""
    user = await UserRepository(session).by_email(email)
    if user is None:
        raise SettingsError("--email: there is no account with this address")
    try:
        passwords = PasswordService(session, auth, mailer)
        await passwords.replace(user, await passwords.hash(password, user.email))
        await session.commit()
    except PasswordRejectedError as error:
        raise SettingsError(f"password: {error.message}") from None
