"""Authentication as a feature: its tools, and the command that lets the first superuser in."""

import asyncio
import getpass
import sys
from argparse import Namespace
from collections.abc import Callable
from datetime import timedelta

from fastapi import FastAPI
from fastapi.security.utils import get_authorization_scheme_param
from starlette.datastructures import Headers
from starlette.types import Scope

from app.api.oauth2 import add_oauth2_errors
from app.auth.password_policy import PasswordPolicy
from app.auth.passwords import Passwords
from app.auth.settings import AuthSettings
from app.auth.state import Auth
from app.auth.throttle import LoginThrottle
from app.auth.tokens import AccessTokens
from app.core.config import Settings
from app.core.exceptions import NotAuthenticatedError
from app.core.feature import Commands, Feature
from app.core.project import PROJECT
from app.core.secret_key import signing_keys
from app.core.settings import SettingsError
from app.db.session import open_database
from app.email.reserved_domains import accept_reserved_domains
from app.email.settings import EmailSettings
from app.rate_limit.limiter import RateLimiter
from app.services.superuser import FirstSuperuser, create_superuser, reset_password


def make_auth(settings: Settings, limiter: RateLimiter) -> Auth:
    """Make the tools from the settings."""
    own = AuthSettings.load()
    return Auth(
        settings=own,
        passwords=Passwords(own),
        policy=PasswordPolicy(own, settings.project_name),
        tokens=AccessTokens(
            keys=signing_keys(),
            issuer=PROJECT.name,
            lifetime=timedelta(minutes=own.access_token_minutes),
        ),
        throttle=LoginThrottle(limiter, own.rate_limit_login, "login"),
        resets_throttle=LoginThrottle(limiter, own.rate_limit_login, "reset"),
    )


def identify_by(tokens: AccessTokens) -> Callable[[Scope], str | None]:
    """Tell whose token a request carries, for those who count by user. Asks no database."""

    def user_id(scope: Scope) -> str | None:
        sent = Headers(scope=scope).get("authorization")
        scheme, token = get_authorization_scheme_param(sent)
        if scheme.lower() != "bearer":
            return None
        try:
            claims = tokens.verify(token)
        except NotAuthenticatedError:
            return None
        scope.setdefault("state", {})["access_claims"] = claims  # see `get_caller`
        return str(claims.user_id)

    return user_id


def _setup(app: FastAPI) -> None:
    # `rate_limit` is set up first: its limiter is shared by all processes.
    limiter = getattr(app.state, "limiter", None) or RateLimiter()
    app.state.auth = make_auth(app.state.settings, limiter)
    app.state.identify = identify_by(app.state.auth.tokens)
    add_oauth2_errors(app)


def _commands(commands: Commands) -> None:
    command = commands.add_parser("create-superuser", help="let the first superuser in")
    command.add_argument("--email", help="default: FIRST_SUPERUSER_EMAIL")
    command.set_defaults(run=_create_superuser)
    command = commands.add_parser("reset-password", help="set a password, and end the sessions")
    command.add_argument("--email", required=True, help="whose; asks for the new password")
    command.set_defaults(run=_reset_password)


def _create_superuser(arguments: Namespace) -> int:
    settings = Settings.load()
    first = FirstSuperuser.load()
    accept_reserved_domains(EmailSettings.load().reserved_domains)
    email = arguments.email or first.first_superuser_email
    password = first.first_superuser_password.get_secret_value()
    if email and not password and sys.stdin.isatty():
        password = ask_password(email)
    created = asyncio.run(_create(settings, email, password))
    sys.stdout.write(f"{email} is a superuser {'now' if created else 'already'}.\n")
    return 0


def _reset_password(arguments: Namespace) -> int:
    settings = Settings.load()
    asyncio.run(_reset(settings, arguments.email, ask_password(arguments.email)))
    sys.stdout.write(f"{arguments.email} has a new password; all sessions have ended.\n")
    return 0


def ask_password(email: str) -> str:
    """Ask twice, since it cannot be seen; a script writes it to stdin, once."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password for {email}: ")
    if getpass.getpass("Again: ") != password:
        raise SettingsError("password: the two are not the same; nothing was changed")
    return password


async def _reset(settings: Settings, email: str, password: str) -> None:
    async with open_database(settings) as database, database.transactions() as session:
        await reset_password(session, make_auth(settings, RateLimiter()), email, password)


async def _create(settings: Settings, email: str, password: str) -> bool:
    async with open_database(settings) as database, database.transactions() as session:
        return await create_superuser(session, make_auth(settings, RateLimiter()), email, password)


auth = Feature(name="auth", after=("rate_limit",), setup=_setup, commands=_commands)
