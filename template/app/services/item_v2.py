"""The list of items in version 2 of the API."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cursor import CursorPage, decode
from app.repositories.item import conditions_of
from app.repositories.item_keyset import ItemKeysetRepository
from app.schemas.item import ItemFilter, ItemRead

LIST_NAME = "items"


async def cursor_page(
    session: AsyncSession, query: ItemFilter, cursor: str
) -> CursorPage[ItemRead]:
    """Read the page after the cursor, the newest first, or raise `InvalidCursorError`.

    Ids are unique, never change and grow with time, so the pages neither overlap nor leave gaps.
    """
    after = decode(LIST_NAME, cursor) if cursor else None
    rows = await ItemKeysetRepository(session).keyset_page(
        after, query.size + 1, conditions_of(query), newest_first=True
    )
    return CursorPage[ItemRead].of(LIST_NAME, rows, query.size)
