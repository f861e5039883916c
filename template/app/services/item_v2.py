"""Walking through items."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cursor import CursorPage, Cursors
from app.repositories.item_v2 import items_before
from app.schemas.item import ItemRead
from app.schemas.item_v2 import ItemCursorQuery

PLACE = "items"


class ItemWalkService:
    """Pages that lie beside each other without gap, whatever is added and deleted meanwhile."""

    def __init__(self, session: AsyncSession, cursors: Cursors) -> None:
        self.session = session
        self.cursors = cursors

    async def page(self, query: ItemCursorQuery) -> CursorPage[ItemRead]:
        """Read the page behind the cursor, or raise `InvalidCursorError`."""
        before = self.cursors.read(PLACE, query.cursor) if query.cursor else None
        # One more tells whether there is a next page.
        rows = await items_before(self.session, query, before, query.size + 1)
        items = [ItemRead.model_validate(row) for row in rows[: query.size]]
        more = len(rows) > query.size
        return CursorPage(
            items=items, next_cursor=self.cursors.make(PLACE, items[-1].id) if more else None
        )
