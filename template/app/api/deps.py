"""Dependencies of endpoints, as `Annotated` aliases."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.config import Settings
from app.core.exceptions import AppError
from app.core.state import Request
from app.db.session import Database

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


async def get_settings(request: Request) -> Settings:
    """Return the settings of the app."""
    return request.app.state.settings


async def get_database(request: Request) -> Database:
    """Return the database, for endpoints that open sessions themselves."""
    return request.app.state.database


async def get_session(request: Request) -> AsyncGenerator[AsyncSession, None]:
    """Open one session a request, and commit it before the response is sent.

    GET requests change nothing, so their statements run in autocommit, without BEGIN and COMMIT.
    An error rolls back, unless it says that it `commits`.
    """
    database = request.app.state.database
    if request.method in SAFE_METHODS:
        async with database.reads() as session:
            yield session
        return
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
# scope="function": FastAPI's default would commit after the response, when it is too late to fail.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
IfMatch = Annotated[str | None, Header(examples=['"3"'])]
IfNoneMatch = Annotated[str | None, Header(examples=['"3"'])]
