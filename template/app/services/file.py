"""Listing, downloading and deleting files, and what interrupted requests have left of them."""

from collections.abc import AsyncIterator, Collection
from datetime import timedelta
from functools import partial
from uuid import UUID

import anyio
import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.core.after_commit import after_commit
from app.core.exceptions import NotFoundError
from app.db.base import utc_now
from app.models.file import File
from app.repositories.file import FileRepository
from app.schemas.file import FileQuery
from app.schemas.pagination import PageRows
from app.storage.settings import StorageSettings
from app.storage.store import ObjectStorage
from app.storage.validation import FILES_PREFIX, INCOMING_PREFIX, file_id_of, key_of

# If the storage takes longer, the orphan cleanup deletes the bytes.
DELETE_TIMEOUT_SECONDS = 5

# An upload takes at most half of it. So any number of cleanups may run in parallel, at any time.
MIN_AGE = timedelta(hours=1)

log = structlog.get_logger(__name__)


class NoSuchFileError(NotFoundError):
    """The caller has no file with this id."""

    detail = "There is no such file."


class FileService:
    """The files of one owner, in the caller's transaction. Superusers see no others either."""

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

    async def page(self, query: FileQuery) -> PageRows:
        """Return one page of the owner's files."""
        return await self.files.search(query, self.owner_id)

    async def get(self, id: UUID, *, lock: bool = False) -> File:
        """Return the metadata of a file."""
        file = await (self.files.get_for_update(id) if lock else self.files.get(id))
        if file is None or file.owner_id != self.owner_id:
            raise NoSuchFileError
        return file

    async def read(self, file: File, start: int, stop: int) -> AsyncIterator[bytes]:
        """Open a range of the content."""
        if start == stop:
            return empty_content()
        return await self.storage.read(key_of(file.id), start, stop)

    async def presign(self, file: File) -> str | None:
        """Return a URL of the storage itself, if the settings want it and the storage has one."""
        seconds = self.settings.storage_link_seconds
        return await self.storage.presign(key_of(file.id), seconds) if seconds else None

    async def delete(self, id: UUID) -> None:
        """Delete a file, and its bytes after the commit."""
        await self.files.delete(await self.get(id, lock=True))
        after_commit(self.session, partial(self._delete_bytes, key_of(id)))

    async def _delete_bytes(self, key: str) -> None:
        with anyio.fail_after(DELETE_TIMEOUT_SECONDS):
            await self.storage.delete(key)


async def empty_content() -> AsyncIterator[bytes]:
    """Yield nothing: no storage accepts a range without bytes."""
    return
    yield


async def delete_orphans(sessions: async_sessionmaker[AsyncSession], storage: ObjectStorage) -> int:
    """Delete what is older than an hour and has no row, and return how many objects that was.

    Objects with other names than those of this service are kept.
    """
    deleted, before = 0, utc_now() - MIN_AGE
    async for keys in storage.list_older_than(INCOMING_PREFIX, before):
        await storage.delete(*keys)
        deleted += len(keys)
    async for keys in storage.list_older_than(FILES_PREFIX, before):
        async with sessions() as session:
            orphans = await _orphans(session, keys)
        await storage.delete(*orphans)
        deleted += len(orphans)
    if deleted:
        log.info("orphans_deleted", count=deleted)
    return deleted


async def _orphans(session: AsyncSession, keys: Collection[str]) -> list[str]:
    by_id = {file_id: key for key in keys if (file_id := file_id_of(key))}
    existing = await FileRepository(session).existing(by_id) if by_id else set()
    return [key for file_id, key in by_id.items() if file_id not in existing]
