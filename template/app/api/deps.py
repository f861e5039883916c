"""What endpoints are declared with: a router, and dependencies as `Annotated` aliases."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.routing import Match
from starlette.types import Scope

from app.core.config import Settings
from app.core.exceptions import AppError
from app.core.state import Request
from app.db.session import Database

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class PrefixRouter(APIRouter):
    """A router that is searched only if the path contains its prefix.

    Starlette tries all routes of all routers before the one that matches, which would take a tenth
    of the time of a simple request.
    """

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Compare the prefix, up to its first parameter, before the routes."""
        found = self.prefix.partition("{")[0] in scope["path"]
        return super().matches(scope) if found else (Match.NONE, {})


async def get_settings(request: Request) -> Settings:
    """Return the settings of the app."""
    return request.app.state.settings


async def get_database(request: Request) -> Database:
    """Return the database, for endpoints that open sessions themselves."""
    return request.app.state.database


async def get_session(request: Request) -> AsyncSession:
    """Open one session a request, and commit it before the response is sent.

    GET requests change nothing, so their statements run in autocommit, without BEGIN and COMMIT.
    """
    database = request.app.state.database
    # FastAPI closes it before it sends the response: it is that of dependencies with `yield` and
    # `scope="function"`. To be one of those would take a tenth of the time of a simple request.
    stack: AsyncExitStack = request.scope["fastapi_function_astack"]
    if request.method in SAFE_METHODS:
        return await stack.enter_async_context(database.reads())
    return await stack.enter_async_context(transaction(database))


@asynccontextmanager
async def transaction(database: Database) -> AsyncGenerator[AsyncSession, None]:
    """Commit a session in the end. An error rolls back, unless it says that it `commits`."""
    async with database.transactions() as session:
        try:
            yield session
        except AppError as error:
            if error.commits:
                await session.commit()
            raise
        await session.commit()


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
SessionDep = Annotated[AsyncSession, Depends(get_session)]
IfMatch = Annotated[str | None, Header(examples=['"3"'])]
IfNoneMatch = Annotated[str | None, Header(examples=['"3"'])]
