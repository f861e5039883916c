"""/api/v2/items: the list, with cursors. The other routes are those of version 1."""

from typing import Annotated

from fastapi import Query

from app.api.deps import PrefixRouter, SessionDep
from app.api.responses import problems
from app.repositories.item import conditions_of
from app.repositories.item_keyset import ItemKeysetRepository
from app.schemas.cursor import CursorPage, CursorQuery, InvalidCursorError, decode
from app.schemas.item import ItemFilter, ItemRead

LIST_NAME = "items"

list_router = PrefixRouter(prefix="/items", tags=["Items"])


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
    after = decode(LIST_NAME, query.cursor) if query.cursor else None
    # Ids are unique, never change and grow with time, so the pages neither overlap nor leave gaps.
    rows = await ItemKeysetRepository(session).keyset_page(
        after, query.size + 1, conditions_of(query), newest_first=True
    )
    return CursorPage[ItemRead].of(LIST_NAME, rows, query.size)
