"""Fixtures of the tests of API keys."""

from collections.abc import AsyncGenerator

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.api_keys.factories import make_key
from tests.auth.factories import authorization, make_user
from tests.clients import connect


@pytest.fixture
async def key(session: AsyncSession, user: User) -> str:
    """A key of the ordinary user."""
    return (await make_key(session, user))[1]


@pytest.fixture
async def key_client(app: FastAPI, key: str) -> AsyncGenerator[AsyncClient]:
    """A client with this key."""
    async with connect(app, authorization(key)) as client:
        yield client


@pytest.fixture
async def admin_key_client(app: FastAPI, session: AsyncSession) -> AsyncGenerator[AsyncClient]:
    """A client with the key of a superuser."""
    _, key = await make_key(session, await make_user(session, is_superuser=True))
    async with connect(app, authorization(key)) as client:
        yield client
