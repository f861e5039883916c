"""Fixtures of a service with users: a plugin for all tests."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy.ext.asyncio import AsyncSession

from app.models.user import User
from tests.auth.factories import bearer, make_user, new_address
from tests.clients import connect
from tests.conftest import Authorize
from tests.routes import operations

ClientOf = Callable[[User], Awaitable[AsyncClient]]
Mailbox = Callable[[], Awaitable[list[dict[str, Any]]]]

PUBLIC = {
    "get_health",
    "get_liveness",
    "get_readiness",
    "register",
    "login",
    "refresh",
    "request_email_verification",
    "verify_email",
    "forgot_password",
    "reset_password",
}


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Make password hashes cheap, and write mail to the folder that `mailbox` reads."""
    folder = TemporaryDirectory(prefix="mail-")
    config.add_cleanup(folder.cleanup)
    os.environ |= {
        "PASSWORD_HASH_MEMORY_KIB": "8",
        "PASSWORD_HASH_ITERATIONS": "1",
        "EMAIL_BACKEND": "file",
        "EMAIL_FILE_DIR": folder.name,
    }


@pytest.fixture
def authorize() -> Authorize:
    """Return the headers of a new superuser of an app."""

    async def authorize(app: FastAPI) -> dict[str, str]:
        async with app.state.database.transactions() as session:
            return await bearer(app, session, await make_user(session, is_superuser=True))

    return authorize


@pytest.fixture
def public_operations(app: FastAPI) -> set[str]:
    """The operations that need no credentials."""
    assert {operation.id for operation in operations(app)} >= PUBLIC
    return PUBLIC


@pytest.fixture
async def client_of(app: FastAPI, session: AsyncSession) -> AsyncGenerator[ClientOf]:
    """Make a client of a user, with a login of its own: `await client_of(user)`."""
    async with AsyncExitStack() as stack:

        async def make(user: User) -> AsyncClient:
            return await stack.enter_async_context(connect(app, await bearer(app, session, user)))

        yield make


@pytest.fixture
async def new_client(app: FastAPI) -> AsyncGenerator[AsyncClient]:
    """A client without credentials and with a new address, for the login throttle."""
    async with connect(app, address=new_address()) as client:
        yield client


@pytest.fixture
async def user(session: AsyncSession) -> User:
    """An ordinary user."""
    return await make_user(session)


@pytest.fixture
async def user_client(client_of: ClientOf, user: User) -> AsyncClient:
    """A client of the ordinary user."""
    return await client_of(user)


@pytest.fixture
async def mailbox(app: FastAPI) -> Mailbox:
    """Read the mails that the app has sent since the test began, oldest first."""
    folder = Path(os.environ["EMAIL_FILE_DIR"])

    async def read() -> list[dict[str, Any]]:
        await deliver(app)
        return read_mails(folder)

    await read()
    _clear(folder)
    return read


async def deliver(app: FastAPI) -> None:
    """Wait until the mail is sent by this process, or run the workers' jobs."""
    if hasattr(app.state.mailer, "tasks"):
        await asyncio.gather(*app.state.mailer.tasks)
    else:
        await import_module("tests.workers.inline").run_due(app)


def read_mails(folder: Path) -> list[dict[str, Any]]:
    """Read what the `file` backend has written, oldest first."""
    return [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]


def _clear(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()
