"""/api/v2/items: the list, with cursors. The other routes are those of version 1."""

from typing import Annotated

from fastapi import APIRouter, Query

from app.api.deps import SessionDep
from app.api.responses import problems
from app.core.cursor import CursorPage, CursorQuery, InvalidCursorError
from app.schemas.item import ItemFilter, ItemRead
from app.services.item_v2 import cursor_page

list_router = APIRouter(prefix="/items", tags=["Items"])


class ItemCursorQuery(CursorQuery, ItemFilter):
    """Which items, and where the page begins."""


@list_router.get("", responses=problems(InvalidCursorError))
async def list_items(
    session: SessionDep, query: Annotated[ItemCursorQuery, Query()]
) -> CursorPage[ItemRead]:
    """List items page by page, the newest first.

    Repeat your filters with each `cursor`. An item that exists and matches from the first page to
    the last is listed exactly once, whatever is added and deleted meanwhile.
    """
    return await cursor_page(session, query, query.cursor)
