"""Deleting stored bytes without a file row: of interrupted uploads and of deleted accounts."""

from collections.abc import Collection
from datetime import timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.base import utc_now
from app.repositories.file import FileRepository
from app.storage.naming import FILES_PREFIX, INCOMING_PREFIX, file_id_of
from app.storage.store import ObjectStorage

# An upload takes at most half of it. So any number of cleanups may run in parallel, at any time.
MIN_AGE = timedelta(hours=1)

log = structlog.get_logger(__name__)


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
