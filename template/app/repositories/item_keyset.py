"""Items read in the order of their ids."""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, select

from app.db.session import fetch
from app.models.item import Item
from app.repositories.item import ItemRepository


class ItemKeysetRepository(ItemRepository):
    """The items of one session, for exports and for pages by cursor."""

    async def keyset_page(
        self,
        after: UUID | None,
        limit: int,
        where: Iterable[ColumnElement[bool]] = (),
        *,
        newest_first: bool = False,
    ) -> Sequence[Any]:
        """Read up to `limit` rows that follow the id `after`, in the order of their ids."""
        statement = select(*Item.__table__.columns).where(*where).limit(limit)
        if after is not None:
            statement = statement.where(Item.id < after if newest_first else Item.id > after)
        ordered = statement.order_by(Item.id.desc() if newest_first else Item.id)
        return await fetch(self.session, ordered)
