"""/api/v2/items: what has changed since version 1."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from fastapi.routing import APIRoute

from app.api.deps import SessionDep
from app.api.openapi import problems
from app.api.v1.endpoints import items as v1
from app.core.cursor import CursorPage, InvalidCursorError
from app.schemas.item import ItemRead
from app.schemas.item_v2 import ItemCursorQuery
from app.services.item_v2 import ItemWalkService

reading = APIRouter(prefix="/items", tags=["Items"])
writing = v1.writing


async def get_item_walk_service(request: Request, session: SessionDep) -> ItemWalkService:
    """Items in the request's session."""
    return ItemWalkService(session, request.app.state.cursors)


ItemWalkServiceDep = Annotated[ItemWalkService, Depends(get_item_walk_service)]


@reading.get("", responses=problems(InvalidCursorError))
async def list_items(
    items: ItemWalkServiceDep, query: Annotated[ItemCursorQuery, Query()]
) -> CursorPage[ItemRead]:
    """Walk through items, the newest first.

    Repeat your filters with each `cursor`. Whatever is added and deleted meanwhile, an item that
    is there and matches all the time is seen exactly once, and none is seen twice.
    """
    return await items.page(query)


# All else is as it was.
reading.routes.extend(
    route
    for route in v1.reading.routes
    if isinstance(route, APIRoute) and route.endpoint is not v1.list_items
)
