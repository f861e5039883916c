"""What endpoints ask for: `Annotated` aliases, one for each thing."""

from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Depends, Header, Request
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache
from app.core.config import Settings
from app.core.etag import Precondition
from app.core.exceptions import AppError
from app.db.session import Database
from app.services.item import ItemService

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


async def get_settings(request: Request) -> Settings:
    """The settings the app was made with."""
    return request.app.state.settings


async def get_database(request: Request) -> Database:
    """The database the lifespan has opened."""
    return request.app.state.database


async def get_session(request: Request) -> AsyncGenerator[AsyncSession, None]:
    """One session a request, committed before the answer is sent.

    GET requests change nothing, so their statements stand alone, without BEGIN and COMMIT.
    An error undoes everything, unless it says that it `commits`.
    """
    database: Database = request.app.state.database
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


async def get_cache(request: Request) -> Cache:
    """What services read through: a cache if there is one."""
    return request.app.state.cache


IfMatch = Annotated[str | None, Header(examples=['"3"'])]
IfNoneMatch = Annotated[str | None, Header(examples=['"3"'])]


async def get_precondition(if_match: IfMatch = None) -> Precondition:
    """The version the caller has seen, if it says so."""
    return Precondition(if_match)


SettingsDep = Annotated[Settings, Depends(get_settings)]
DatabaseDep = Annotated[Database, Depends(get_database)]
# scope="function": FastAPI's default would commit after the answer, when it is too late to fail.
SessionDep = Annotated[AsyncSession, Depends(get_session, scope="function")]
CacheDep = Annotated[Cache, Depends(get_cache)]
PreconditionDep = Annotated[Precondition, Depends(get_precondition)]


async def get_item_service(session: SessionDep, cache: CacheDep) -> ItemService:
    """Items in the request's session."""
    return ItemService(session, cache)


ItemServiceDep = Annotated[ItemService, Depends(get_item_service)]
