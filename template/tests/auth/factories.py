"""Factories of users and logins."""

from datetime import timedelta
from functools import cache
from itertools import count
from typing import Any

from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.auth.passwords import PasswordHasher
from app.auth.settings import AuthSettings
from app.models.user import User
from app.repositories.auth import SessionRepository

AUTH = "/api/v1/auth"
USERS = "/api/v1/users"
ME = f"{USERS}/me"
PASSWORD = "four quiet harbour lanterns"
NEW_PASSWORD = "three loud mountain bicycles"

numbers = count(1)


async def make_user(session: AsyncSession, **fields: Any) -> User:
    """Add a user with the password `PASSWORD` and a new email."""
    defaults = {
        "email": f"user{next(numbers)}@example.com",
        "email_verified": True,
        "password_hash": _hashed(),
    }
    user = User(**defaults | fields)
    session.add(user)
    await session.commit()
    return user


async def bearer(app: FastAPI, session: AsyncSession, user: User) -> dict[str, str]:
    """Open a login session, and return its Authorization header."""
    login = await SessionRepository(session).open(user.id, timedelta(hours=1))
    await session.commit()
    return authorization(app.state.auth.tokens.issue(user.id, login.id))


def authorization(access_token: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"Authorization": f"Bearer {access_token}"}


def new_address() -> str:
    """A new client address, for which the login throttle has counted nothing."""
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
    return PasswordHasher(AuthSettings.load()).hasher.hash(PASSWORD)
