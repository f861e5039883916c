"""Authentication as a feature: its tools, and the command that lets the first superuser in."""

import asyncio
import getpass
import sys
from argparse import Namespace
from datetime import timedelta

from fastapi import FastAPI

from app.auth.password_policy import PasswordPolicy
from app.auth.passwords import Passwords
from app.auth.secret_key import signing_keys
from app.auth.settings import AuthSettings
from app.auth.state import Auth
from app.auth.throttle import LoginThrottle
from app.auth.tokens import AccessTokens
from app.core.config import Settings
from app.core.feature import Commands, Feature
from app.core.project import PROJECT
from app.db.session import open_database
from app.services.superuser import FirstSuperuser, create_superuser


def make_auth(settings: Settings) -> Auth:
    """Make the tools from the settings."""
    own = AuthSettings.load()
    return Auth(
        settings=own,
        passwords=Passwords(own),
        policy=PasswordPolicy(own, settings.project_name),
        tokens=AccessTokens(
            keys=signing_keys(settings),
            issuer=PROJECT.name,
            lifetime=timedelta(minutes=own.access_token_minutes),
        ),
        throttle=LoginThrottle(own.rate_limit_login),
        resets_throttle=LoginThrottle(own.rate_limit_login),
    )


def _setup(app: FastAPI) -> None:
    app.state.auth = make_auth(app.state.settings)


def _commands(commands: Commands) -> None:
    command = commands.add_parser("create-superuser", help="let the first superuser in")
    command.add_argument("--email", help="default: FIRST_SUPERUSER_EMAIL")
    command.set_defaults(run=_create_superuser)


def _create_superuser(arguments: Namespace) -> int:
    settings = Settings.load()
    first = FirstSuperuser.load()
    email = arguments.email or first.first_superuser_email
    password = first.first_superuser_password.get_secret_value()
    if email and not password and sys.stdin.isatty():
        password = getpass.getpass(f"Password for {email}: ")
    created = asyncio.run(_create(settings, email, password))
    sys.stdout.write(f"{email} is a superuser {'now' if created else 'already'}.\n")
    return 0


async def _create(settings: Settings, email: str, password: str) -> bool:
    async with open_database(settings) as database, database.transactions() as session:
        return await create_superuser(session, make_auth(settings), email, password)


auth = Feature(name="auth", setup=_setup, commands=_commands)
