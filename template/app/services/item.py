"""Items: create, read, update, delete."""

from collections.abc import Awaitable
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.core.exceptions import ConflictError, NotFoundError, PreconditionFailedError
from app.core.http import precondition_holds
from app.db.errors import is_foreign_key_violation, is_unique_violation
from app.models.item import Item
from app.repositories.item import ItemRepository, conditions_of
from app.schemas.item import ItemCreate, ItemQuery, ItemRead, ItemUpdate
from app.schemas.pagination import PageRows

# The cache key of what is computed from all items.
ITEMS_KEY = "items:all"


class ItemNotFoundError(NotFoundError):
    """No item has this id."""

    detail = "There is no such item."


class ItemInUseError(ConflictError):
    """Another row refers to the item."""

    detail = "Another row refers to the item."


class NameTakenError(ConflictError):
    """Another item has this name."""

    code = "name_taken"
    detail = "Another item has this name."


class ItemService:
    """Items, in the caller's transaction."""

    def __init__(self, session: AsyncSession, cache: Cache) -> None:
        self.session = session
        self.items = ItemRepository(session)
        self.cache = cache

    async def page(self, query: ItemQuery) -> PageRows:
        """Read one page of the items that match."""
        return await self.items.page(query, query.sort, conditions_of(query))

    async def read(self, id: UUID) -> Cached[ItemRead]:
        """Read one item through the cache, or raise `ItemNotFoundError`."""

        async def load() -> ItemRead:
            item = await self.items.get(id)
            if item is None:
                raise ItemNotFoundError
            return ItemRead.model_validate(item)

        return await self.cache.read(item_key(id), ItemRead, load)

    async def create(self, data: ItemCreate) -> Item:
        """Create an item."""
        values = data.model_dump()
        return await self._write(self.items.create(values))

    async def update(self, id: UUID, data: ItemUpdate, if_match: str | None) -> Item:
        """Update an item whose version is the one in `If-Match`."""
        item = await self._lock(id, if_match)
        values = data.model_dump()
        for name, value in values.items():
            setattr(item, name, value)
        return await self._write(self.items.flush(item))

    async def delete(self, id: UUID, if_match: str | None) -> None:
        """Delete an item that no row refers to, or raise `ItemInUseError`."""
        item = await self._lock(id, if_match)
        await self._write(self.items.delete(item))

    async def _lock(self, id: UUID, if_match: str | None) -> Item:
        """Lock the item, so that it cannot change after its version is compared."""
        item = await self.items.get_for_update(id)
        if item is None:
            raise ItemNotFoundError
        if not precondition_holds(if_match, item.version):
            raise PreconditionFailedError
        return item

    async def _write(self, change: Awaitable[Item]) -> Item:
        """Await the change, and translate the database's errors."""
        try:
            item = await change
        except IntegrityError as error:
            if is_unique_violation(error, "name"):
                raise NameTakenError from error
            if is_foreign_key_violation(error):
                raise ItemInUseError from error
            raise
        invalidate_items(self.cache, self.session, item.id)
        return item


def item_key(id: UUID) -> str:
    """Return the cache key of one item."""
    return f"item:{id}"


def invalidate_items(cache: Cache, session: AsyncSession, *ids: UUID) -> None:
    """Delete cached items after the commit. Whatever changes one must call this."""
    cache.invalidate(session, ITEMS_KEY, *map(item_key, ids))
