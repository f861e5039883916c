"""Deleting bytes that belong to no file: of uploads that a crash has cut off, or users who left."""

from collections.abc import Collection
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from app.db.base import utc_now
from app.repositories.file import FileRepository
from app.storage.naming import FOLDER, INCOMING, id_of
from app.storage.store import ObjectStorage

# An upload takes at most half of it. So any number of processes may sweep at once, at any time.
PATIENCE = timedelta(hours=1)


async def sweep(sessions: async_sessionmaker[AsyncSession], storage: ObjectStorage) -> int:
    """Delete what is an hour old and belongs to no row. Return how much that was.

    Names that are not of our making are left alone.
    """
    swept, before = 0, utc_now() - PATIENCE
    async for keys in storage.older(INCOMING, before):
        await storage.delete(*keys)
        swept += len(keys)
    async for keys in storage.older(FOLDER, before):
        async with sessions() as session:
            orphans = await _orphans(session, keys)
        await storage.delete(*orphans)
        swept += len(orphans)
    return swept


async def _orphans(session: AsyncSession, keys: Collection[str]) -> list[str]:
    owners = {file_id: key for key in keys if (file_id := id_of(key))}
    known = await FileRepository(session).known(owners) if owners else set()
    return [key for file_id, key in owners.items() if file_id not in known]
