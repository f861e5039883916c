"""The `auth` feature: authentication, and the commands for accounts."""

import asyncio
import getpass
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from fastapi.security.utils import get_authorization_scheme_param
from pydantic import SecretStr, ValidationError
from starlette.datastructures import Headers
from starlette.types import Scope

from app.api.access import document_access
from app.api.oauth2 import add_oauth2_errors
from app.auth.passwords import PasswordRejectedError
from app.auth.toolkit import make_auth_tools
from app.core.config import Settings
from app.core.feature import Commands, Feature
from app.core.settings import EnvSettings, SettingsError
from app.core.state import FastAPI
from app.db.session import open_database
from app.email.feature import make_mailer
from app.email.settings import EmailSettings, accept_reserved_domains
from app.rate_limit.limiter import RateLimiter
from app.schemas.user import UserCreate
from app.services.auth import AccessTokenScheme
from app.services.caller import TokenScheme, UseRecorder, scheme_of
from app.services.password import PasswordService
from app.services.user import EmailTakenError, UserService


class FirstSuperuser(EnvSettings):
    """The account that `python -m app create-superuser` creates."""

    first_superuser_email: str = ""
    first_superuser_password: SecretStr = SecretStr("")


@asynccontextmanager
async def open_accounts() -> AsyncGenerator[UserService, None]:
    """Open the accounts for a command, which commits."""
    settings = Settings.load()
    auth, mailer = make_auth_tools(settings, RateLimiter()), make_mailer(settings)
    async with (
        open_database(settings) as database,
        mailer.open(),
        database.transactions() as session,
    ):
        yield UserService(PasswordService(session, auth, mailer))


async def create_superuser(email: str, password: str) -> bool:
    """Create the superuser, or return False if it exists. Raises `SettingsError`."""
    async with open_accounts() as accounts:
        if user := await accounts.users.by_email(email):
            if user.is_superuser:
                return False
            # It is not promoted: its owner need not be the operator.
            raise SettingsError(
                "FIRST_SUPERUSER_EMAIL: is an ordinary account; choose another email"
            )
        try:
            data = UserCreate(email=email, password=SecretStr(password), is_superuser=True)
            await accounts.create(data)
            await accounts.session.commit()
        except ValidationError as error:
            field = str(error.errors()[0]["loc"][0]).upper()
            raise SettingsError(f"FIRST_SUPERUSER_{field}: is missing or not valid") from None
        except PasswordRejectedError as error:
            raise SettingsError(f"FIRST_SUPERUSER_PASSWORD: {error.message}") from None
        except EmailTakenError:  # the same command runs in parallel
            return False
        return True


async def reset_password(email: str, password: str) -> None:
    """Set a user's password and end all sessions. Raises `SettingsError`."""
    async with open_accounts() as accounts:
        user = await accounts.users.by_email(email)
        if user is None:
            raise SettingsError("--email: there is no account with this address")
        try:
            password_hash = await accounts.passwords.hash(password, user.email)
        except PasswordRejectedError as error:
            raise SettingsError(f"password: {error.message}") from None
        await accounts.passwords.replace(user, password_hash)
        await accounts.session.commit()


def user_id_from_token(
    schemes: Sequence[TokenScheme],
) -> Callable[[Scope], Awaitable[str | None]]:
    """Make the function that rate limits identify a request's user with."""

    async def user_id(scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        # Browsers send the token of a WebSocket as a subprotocol.
        protocols = headers.get("sec-websocket-protocol", "").replace(",", " ")
        scheme, token = get_authorization_scheme_param(headers.get("authorization") or protocols)
        if scheme.lower() != "bearer":
            return None
        return await scheme_of(schemes, token.strip()).user_id(token.strip(), scope)

    return user_id


def _setup(app: FastAPI) -> None:
    state = app.state
    # With the `rate_limit` feature, all processes share the counts.
    state.auth = make_auth_tools(state.settings, state.limiter or RateLimiter())
    state.uses = UseRecorder()
    # Features that add kinds of tokens insert theirs first.
    state.token_schemes = [AccessTokenScheme(state.auth, state.uses)]
    state.get_user_id = user_id_from_token(state.token_schemes)
    document_access(app)
    add_oauth2_errors(app)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    yield
    await app.state.uses.finish()


def _commands(commands: Commands) -> None:
    command = commands.add_parser("create-superuser", help="create the first superuser")
    command.add_argument("--email", help="default: FIRST_SUPERUSER_EMAIL")
    command.set_defaults(run=_create_superuser)
    command = commands.add_parser("reset-password", help="set a password and end all sessions")
    command.add_argument("--email", required=True, help="of the account; asks for the password")
    command.set_defaults(run=_reset_password)


def _create_superuser(arguments: Namespace) -> int:
    first = FirstSuperuser.load()
    accept_reserved_domains(EmailSettings.load().reserved_domains)
    email = arguments.email or first.first_superuser_email
    password = first.first_superuser_password.get_secret_value()
    if email and not password and sys.stdin.isatty():
        password = ask_password(email)
    created = asyncio.run(create_superuser(email, password))
    sys.stdout.write(f"{email} is a superuser {'now' if created else 'already'}.\n")
    return 0


def _reset_password(arguments: Namespace) -> int:
    email = arguments.email
    asyncio.run(reset_password(email, ask_password(email)))
    sys.stdout.write(f"{email} has a new password; all sessions have ended.\n")
    return 0


def ask_password(email: str) -> str:
    """Ask twice on a terminal, since the input is hidden; a script writes it to stdin, once."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password for {email}: ")
    if getpass.getpass("Again: ") != password:
        raise SettingsError("password: the two are not the same; nothing was changed")
    return password


auth = Feature(
    name="auth", after=("rate_limit",), setup=_setup, lifespan=_lifespan, commands=_commands
)
