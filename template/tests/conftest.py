"""Fixtures: the real app on a real database, which is empty before each test."""

import asyncio
import gc
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.db.session import Database
from dev.database import testing
from dev.project import LauncherError, xdist_worker
from tests.blueprint.mount import create_table, mount
from tests.clients import connect
from tests.environment import clear_settings
from tests.greenlets import keep_thread_greenlets
from tests.tables import drop_everything, empty

# Fixtures of a feature are in its folder. With users, tests/auth/fixtures.py provides
# `authorize` and `public_operations`; without, tests/public/fixtures.py does.
PLUGINS = sorted(Path(__file__).parent.glob("*/fixtures.py"))
pytest_plugins = [f"tests.{file.parent.name}.fixtures" for file in PLUGINS]

Authorize = Callable[[FastAPI], Awaitable[dict[str, str]]]
MakeApp = Callable[..., Awaitable[FastAPI]]
MakeClient = Callable[..., Awaitable[AsyncClient]]


def pytest_configure(config: pytest.Config) -> None:
    """Start the database and migrate it, before any test module imports the app."""
    keep_thread_greenlets()
    stack = ExitStack()
    config.add_cleanup(stack.close)
    try:
        url = stack.enter_context(testing())
    except LauncherError as error:
        raise pytest.UsageError(str(error)) from None
    clear_settings()
    os.environ |= {
        "ENVIRONMENT": "test",
        "DATABASE_URL": url,
        "SECRET_KEY": secrets.token_hex(32),
        "HEALTH_TOKEN": secrets.token_hex(16),
        "DB_POOL_TIMEOUT": "60",  # many requests at once queue for long on a busy machine
    }
    from app.db.migrations import upgrade

    mount()
    # The process that starts others of pytest-xdist runs no test: it keeps the server alive.
    if config.getoption("dist") == "no" or xdist_worker() is not None:
        asyncio.run(drop_everything())
        upgrade()
        asyncio.run(create_table())


def pytest_collection_finish() -> None:
    """Leave what is imported out of garbage collections, as it stays until the tests end."""
    gc.freeze()


@pytest.fixture(scope="session")
async def app() -> AsyncGenerator[FastAPI]:
    """Run the app with the settings of `pytest_configure`."""
    from app.main import app

    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def database(app: FastAPI) -> AsyncGenerator[Database]:
    """The app's database. It is emptied after the test."""
    yield app.state.database
    await empty(app.state.database.engine)


@pytest.fixture
async def session(database: Database) -> AsyncGenerator[AsyncSession]:
    """A session in autocommit: it locks nothing and sees what the requests have committed."""
    engine = database.engine.execution_options(isolation_level="AUTOCOMMIT")
    async with AsyncSession(engine, expire_on_commit=False) as session:
        yield session


@pytest.fixture
async def anonymous(app: FastAPI, database: Database) -> AsyncGenerator[AsyncClient]:
    """A client without credentials."""
    async with connect(app) as client:
        yield client


@pytest.fixture
async def credentials(app: FastAPI, database: Database, authorize: Authorize) -> dict[str, str]:
    """Return the headers that give all access."""
    return await authorize(app)


@pytest.fixture
async def client(app: FastAPI, credentials: dict[str, str]) -> AsyncGenerator[AsyncClient]:
    """A client with all access."""
    async with connect(app, credentials) as client:
        yield client


@pytest.fixture
def generous_health_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give health checks a minute, as the machine may be busy."""
    from app.core import feature

    monkeypatch.setattr(feature, "HEALTH_CHECK_TIMEOUT_SECONDS", 60)


@pytest.fixture
async def make_app(
    app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[MakeApp]:
    """Make and run another app: `await make_app(CORS_ORIGINS="https://web.example")`."""
    from app.core.logging import configure_logging
    from app.main import create_app

    async with AsyncExitStack() as stack:

        async def make(**settings: str) -> FastAPI:
            for name, value in settings.items():
                monkeypatch.setenv(name, value)
            other = create_app()
            await stack.enter_async_context(other.router.lifespan_context(other))
            return other

        yield make
    configure_logging(app.state.settings)


@pytest.fixture
async def make_client(make_app: MakeApp, credentials: dict[str, str]) -> AsyncGenerator[MakeClient]:
    """Make another app, and a client of it with all access."""
    async with AsyncExitStack() as stack:

        async def make(**settings: str) -> AsyncClient:
            other = await make_app(**settings)
            return await stack.enter_async_context(connect(other, credentials))

        yield make
