"""Specimens: create, read, update, delete."""

from collections.abc import Awaitable
from typing import Any
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.cache import Cache, Cached
from app.core.exceptions import ConflictError, NotFoundError, PreconditionFailedError
from app.core.http import precondition_holds
from app.db.errors import is_foreign_key_violation, is_unique_violation
from app.schemas.pagination import PageRows
from dev.resource.blueprint.model import Specimen
from dev.resource.blueprint.repository import SpecimenRepository, conditions_of
from dev.resource.blueprint.schemas import (
    SpecimenCreate,
    SpecimenQuery,
    SpecimenRead,
    SpecimenUpdate,
)

# begin cached
# begin shared
# The cache key of what is computed from all specimens.
SPECIMENS_KEY = "specimens:all"


# end
# end
class SpecimenNotFoundError(NotFoundError):
    """No specimen has this id."""

    detail = "There is no such specimen."


class SpecimenInUseError(ConflictError):
    """Another row refers to the specimen."""

    detail = "Another row refers to the specimen."


# begin errors
class NameTakenError(ConflictError):
    """Another specimen has this name."""

    code = "name_taken"
    detail = "Another specimen has this name."


class ParentNotFoundError(NotFoundError):
    """`parent_id` refers to no specimen."""

    detail = "There is no specimen with this `parent_id`."


# end
class SpecimenService:
    """Specimens, in the caller's transaction."""

    def __init__(
        self,
        session: AsyncSession,
        # owned: owner_id: UUID,
        # begin cached
        cache: Cache,
        # end
    ) -> None:
        self.session = session
        # begin shared
        self.specimens = SpecimenRepository(session)
        # end
        # owned: self.owner_id = owner_id
        # owned: self.specimens = SpecimenRepository(session, owner_id)
        # begin cached
        self.cache = cache
        # end

    async def page(self, query: SpecimenQuery) -> PageRows:
        """Read one page of the specimens that match."""
        return await self.specimens.page(query, query.sort, conditions_of(query))

    # begin cached
    async def read(self, id: UUID) -> Cached[SpecimenRead]:
        """Read one specimen through the cache, or raise `SpecimenNotFoundError`."""

        async def load() -> SpecimenRead:
            specimen = await self.specimens.get(id)
            if specimen is None:
                raise SpecimenNotFoundError
            return SpecimenRead.model_validate(specimen)

        # begin shared
        return await self.cache.read(specimen_key(id), SpecimenRead, load)
        # end
        # owned: return await self.cache.read(specimen_key(self.owner_id, id), SpecimenRead, load)

    # end
    # uncached: async def get(self, id: UUID) -> Specimen:
    # uncached:     """Read one specimen, or raise `SpecimenNotFoundError`."""
    # uncached:     specimen = await self.specimens.get(id)
    # uncached:     if specimen is None:
    # uncached:         raise SpecimenNotFoundError
    # uncached:     return specimen
    # uncached:
    async def create(self, data: SpecimenCreate) -> Specimen:
        """Create a specimen."""
        values = data.model_dump()
        # begin refs
        await self._check_references(values)
        # end
        # owned: values["owner_id"] = self.owner_id
        return await self._write(self.specimens.create(values))

    async def update(self, id: UUID, data: SpecimenUpdate, if_match: str | None) -> Specimen:
        """Update a specimen whose version is the one in `If-Match`."""
        specimen = await self._lock(id, if_match)
        values = data.model_dump()
        # begin refs
        await self._check_references(values)
        # end
        for name, value in values.items():
            setattr(specimen, name, value)
        return await self._write(self.specimens.flush(specimen))

    async def delete(self, id: UUID, if_match: str | None) -> None:
        """Delete a specimen that no row refers to, or raise `SpecimenInUseError`."""
        specimen = await self._lock(id, if_match)
        await self._write(self.specimens.delete(specimen))

    async def _lock(self, id: UUID, if_match: str | None) -> Specimen:
        """Lock the specimen, so that it cannot change after its version is compared."""
        specimen = await self.specimens.get_for_update(id)
        if specimen is None:
            raise SpecimenNotFoundError
        if not precondition_holds(if_match, specimen.version):
            raise PreconditionFailedError
        return specimen

    # begin refs
    async def _check_references(self, values: dict[str, Any]) -> None:
        """Raise the error of a reference whose row is missing. Rows found stay until the commit."""
        lock = {"read": True, "key_share": True}
        # begin references
        if (parent_id := values.get("parent_id")) is not None:
            parent = await self.session.get(Specimen, parent_id, with_for_update=lock)
            if parent is None:
                raise ParentNotFoundError
        # end

    # end
    async def _write(self, change: Awaitable[Specimen]) -> Specimen:
        """Await the change, and translate the database's errors."""
        try:
            specimen = await change
        except IntegrityError as error:
            # begin taken
            if is_unique_violation(error, "name"):
                raise NameTakenError from error
            # end
            if is_foreign_key_violation(error):
                raise SpecimenInUseError from error
            raise
        # begin cached
        # begin shared
        invalidate_specimens(self.cache, self.session, specimen.id)
        # end
        # owned: invalidate_specimens(self.cache, self.session, self.owner_id, specimen.id)
        # end
        return specimen


# begin cached
# begin shared
def specimen_key(id: UUID) -> str:
    """Return the cache key of one specimen."""
    return f"specimen:{id}"


def invalidate_specimens(cache: Cache, session: AsyncSession, *ids: UUID) -> None:
    """Delete cached specimens after the commit. Whatever changes one must call this."""
    cache.invalidate(session, SPECIMENS_KEY, *map(specimen_key, ids))


# end
# owned: def specimen_key(owner_id: UUID, id: UUID) -> str:
# owned:     """Return the cache key of one specimen, which only its owner reads."""
# owned:     return f"specimen:{owner_id}:{id}"
# owned:
# owned:
# owned: def invalidate_specimens(
# owned:     cache: Cache, session: AsyncSession, owner_id: UUID, *ids: UUID
# owned: ) -> None:
# owned:     """Delete cached specimens after the commit. Whatever changes one must call this."""
# owned:     cache.invalidate(session, *(specimen_key(owner_id, each) for each in ids))
# end
