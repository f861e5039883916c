"""Users and logins for tests to begin with."""

from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.passwords import Passwords
from app.auth.settings import AuthSettings
from app.auth.tokens import Claims
from app.models.user import User
from app.repositories.session import SessionRepository

AUTH = "/api/v1/auth"
USERS = "/api/v1/users"
ME = f"{USERS}/me"
PASSWORD = "four quiet harbour lanterns"
NEW_PASSWORD = "three loud mountain bicycles"

numbers = count(1)


async def make_user(session: AsyncSession, **fields: Any) -> User:
    """Add a user, whose password is `PASSWORD`. The email is new unless given."""
    defaults = {"email": f"user{next(numbers)}@example.com", "password_hash": _hashed()}
    user = User(**defaults | fields)
    session.add(user)
    await session.commit()
    return user


async def bearer(app: FastAPI, session: AsyncSession, user: User) -> dict[str, str]:
    """Begin a login session, and return the header that belongs to it."""
    login = await SessionRepository(session).open(user.id, timedelta(hours=1))
    await session.commit()
    return authorization(app.state.auth.tokens.issue(Claims(user.id, login.id)))


def authorization(access_token: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {access_token}"}


def new_address() -> str:
    """An address that no other test has failed from."""
    return f"2001:db8:{next(numbers):x}::1"


async def log_in(client: AsyncClient, email: str, password: str = PASSWORD) -> dict[str, Any]:
    """Log in as a client does, and return the tokens."""
    response = await client.post(f"{AUTH}/login", data=credentials(email, password))
    assert response.status_code == 200, response.text
    return response.json()


def credentials(email: str, password: str = PASSWORD) -> dict[str, str]:
    """The form of a login."""
    return {"username": email, "password": password}


@cache
def _hashed() -> str:
    return Passwords(AuthSettings.load()).hasher.hash(PASSWORD)
