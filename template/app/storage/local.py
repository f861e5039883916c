"""Storage in a folder of this machine."""

import os
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from pathlib import Path
from uuid import uuid4

from anyio import CancelScope, open_file
from anyio import Path as AsyncPath
from anyio.to_thread import run_sync as in_thread
from obstore.store import LocalStore, ObjectStore

from app.storage.naming import INCOMING_PREFIX
from app.storage.store import ObjectStorage, translate_errors


class LocalStorage(ObjectStorage):
    """A folder, in which every file is complete and synced to the disk.

    obstore reads, lists and deletes. Its own writes are not synced, so `put` writes a temporary
    file, syncs and renames it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def store(self) -> ObjectStore:
        """Opened on first use, so that the service starts even while the disk is missing."""
        return LocalStore(self.root, mkdir=True)

    async def put(
        self, key: str, blocks: AsyncIterator[bytes], attributes: Mapping[str, str]
    ) -> None:
        """Store the blocks. `attributes` are kept in the database only."""
        temporary, final = self.root / INCOMING_PREFIX / uuid4().hex, self.root / key
        with translate_errors():
            try:
                await AsyncPath(temporary.parent).mkdir(parents=True, exist_ok=True)
                async with await open_file(temporary, "xb") as file:
                    async for block in blocks:
                        await file.write(block)
                    await file.flush()
                    await in_thread(os.fsync, file.wrapped.fileno())
                await in_thread(_publish, temporary, final)
            except BaseException:
                with CancelScope(shield=True):
                    await AsyncPath(temporary).unlink(missing_ok=True)
                    await AsyncPath(final).unlink(missing_ok=True)
                raise


def _publish(temporary: Path, final: Path) -> None:
    """Rename the file and sync its folder (rename(2), fsync(2))."""
    if not final.parent.is_dir():
        final.parent.mkdir(exist_ok=True)
        _sync_folder(final.parent.parent)
    temporary.replace(final)
    _sync_folder(final.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
