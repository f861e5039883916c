"""What can be done with items."""

from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.core.etag import Precondition
from app.core.exceptions import ConflictError, NotFoundError, PreconditionFailedError
from app.core.pagination import Slice
from app.db.errors import is_foreign_key_violation, is_unique_violation
from app.models.item import Item
from app.repositories.item import ItemRepository
from app.schemas.item import ItemCreate, ItemQuery, ItemRead, ItemUpdate

# The cache key of what is computed from all items.
STATISTICS = "items:statistics"


class ItemNotFoundError(NotFoundError):
    """No item has this id."""

    detail = "There is no such item."


class NameTakenError(ConflictError):
    """Item names are unique."""

    code = "name_taken"
    detail = "Another item has this name."


class ItemInUseError(ConflictError):
    """Something points to the item."""

    detail = "The item is part of an order."


class ItemService:
    """Items, in the caller's transaction."""

    def __init__(self, session: AsyncSession, cache: Cache) -> None:
        self.items = ItemRepository(session)
        self.cache = cache

    async def page(self, query: ItemQuery) -> Slice:
        """Read one page of the items that match."""
        return await self.items.search(query)

    async def get(self, id: UUID) -> Item:
        """Read one item, or raise `ItemNotFoundError`."""
        item = await self.items.get(id)
        if item is None:
            raise ItemNotFoundError
        return item

    async def read(self, id: UUID) -> Cached[ItemRead]:
        """Read one item through the cache, or raise `ItemNotFoundError`."""

        async def load() -> ItemRead:
            return ItemRead.model_validate(await self.get(id))

        return await self.cache.read(item_key(id), ItemRead, load)

    async def create(self, data: ItemCreate) -> Item:
        """Add an item, or raise `NameTakenError`."""
        try:
            item = await self.items.add(Item(**data.model_dump()))
        except IntegrityError as error:
            raise _known(error) from error
        forget_items(self.cache, self.items.session, item.id)
        return item

    async def update(self, id: UUID, data: ItemUpdate, precondition: Precondition) -> Item:
        """Change an item that is still at the version the caller has seen."""
        item = await self._lock(id, precondition)
        for name, value in data.model_dump().items():
            setattr(item, name, value)
        try:
            await self.items.session.flush()
        except IntegrityError as error:
            raise _known(error) from error
        forget_items(self.cache, self.items.session, id)
        return item

    async def delete(self, id: UUID, precondition: Precondition) -> None:
        """Delete an item that nothing points to, or raise `ItemInUseError`."""
        item = await self._lock(id, precondition)
        try:
            await self.items.delete(item)
        except IntegrityError as error:
            raise _known(error) from error
        forget_items(self.cache, self.items.session, id)

    async def _lock(self, id: UUID, precondition: Precondition) -> Item:
        """Keep the item from changing between the comparison and the change."""
        item = await self.items.get_for_update(id)
        if item is None:
            raise ItemNotFoundError
        if not precondition.allows(item.version):
            raise PreconditionFailedError
        return item


def item_key(id: UUID) -> str:
    """The cache key of one item."""
    return f"item:{id}"


def forget_items(cache: Cache, session: AsyncSession, *ids: UUID) -> None:
    """Forget what is cached of these items. Everything that changes items must do this."""
    cache.invalidate(session, STATISTICS, *map(item_key, ids))


def _known(error: IntegrityError) -> Exception:
    if is_unique_violation(error):
        return NameTakenError()
    if is_foreign_key_violation(error):
        return ItemInUseError()
    return error
