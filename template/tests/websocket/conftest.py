"""Fixtures of the WebSocket tests."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import bearer, make_user
from tests.websocket.clients import Client, connected, listening

Join = Callable[..., Awaitable[Client]]
Listen = Callable[[FastAPI], Awaitable[str]]


@pytest.fixture
async def headers(app: FastAPI, session: AsyncSession, user: User) -> dict[str, str]:
    """The credentials of the ordinary user."""
    return await bearer(app, session, user)


@pytest.fixture
async def listen() -> AsyncGenerator[Listen]:
    """Serve a running app: `url = await listen(app)`."""
    async with AsyncExitStack() as stack:

        async def start(app: FastAPI) -> str:
            return await stack.enter_async_context(listening(app))

        yield start


@pytest.fixture(scope="session")
async def url(app: FastAPI) -> AsyncGenerator[str]:
    """The URL of the app's WebSocket."""
    async with listening(app) as url:
        yield url


@pytest.fixture
async def join(app: FastAPI, session: AsyncSession, url: str) -> AsyncGenerator[Join]:
    """Connect as a new user, or as a given one: `await join(user)`."""
    async with AsyncExitStack() as stack:

        async def connect(user: User | None = None, at: str = url) -> Client:
            credentials = await bearer(app, session, user or await make_user(session))
            return await stack.enter_async_context(connected(at, credentials))

        yield connect
