"""Files that are there: finding, reading and deleting them."""

from collections.abc import AsyncIterator
from functools import partial
from uuid import UUID

import anyio
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.exceptions import NotFoundError
from app.core.pagination import Slice
from app.models.file import File
from app.repositories.file import FileRepository
from app.schemas.file import FileQuery
from app.storage.naming import key_of
from app.storage.settings import StorageSettings
from app.storage.store import ObjectStorage

# A storage that is slower keeps the bytes until they are swept.
PATIENCE_SECONDS = 5


class NoSuchFileError(NotFoundError):
    """No file of the caller's has this id."""

    detail = "There is no such file."


class FileService:
    """Somebody's files, in the caller's transaction. Nobody else sees them, superusers included."""

    def __init__(
        self,
        session: AsyncSession,
        storage: ObjectStorage,
        settings: StorageSettings,
        owner_id: UUID,
    ) -> None:
        self.session = session
        self.files = FileRepository(session)
        self.storage = storage
        self.settings = settings
        self.owner_id = owner_id

    async def page(self, query: FileQuery) -> Slice:
        """Read one page of the owner's files."""
        return await self.files.search(query, self.owner_id)

    async def get(self, id: UUID, *, lock: bool = False) -> File:
        """Read what is known of a file."""
        file = await (self.files.get_for_update(id) if lock else self.files.get(id))
        if file is None or file.owner_id != self.owner_id:
            raise NoSuchFileError
        return file

    async def read(self, file: File, start: int, stop: int) -> AsyncIterator[bytes]:
        """Open a range of the content."""
        if start == stop:
            return nothing()
        return await self.storage.read(key_of(file.id), start, stop)

    async def link(self, file: File) -> str | None:
        """Make a link to the storage itself, if that is wanted and the storage can do it."""
        seconds = self.settings.storage_link_seconds
        return await self.storage.link(key_of(file.id), seconds) if seconds else None

    async def delete(self, id: UUID) -> None:
        """Forget a file. Its bytes go once that is certain."""
        await self.files.delete(await self.get(id, lock=True))
        after_commit(self.session, partial(self._delete_bytes, key_of(id)))

    async def _delete_bytes(self, key: str) -> None:
        with anyio.fail_after(PATIENCE_SECONDS):
            await self.storage.delete(key)


async def nothing() -> AsyncIterator[bytes]:
    """The content of an empty file. No storage has a name for a range without bytes."""
    return
    yield
