"""Files on this machine's disk."""

import os
from collections.abc import AsyncIterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from anyio import CancelScope
from anyio.to_thread import run_sync as in_thread
from obstore.store import LocalStore, ObjectStore

from app.storage.naming import INCOMING
from app.storage.store import ObjectStorage, translated


class LocalStorage(ObjectStorage):
    """A folder. What has its name there is whole and on the disk.

    obstore reads, lists and deletes. It does not wait for the disk when it writes, so we do that:
    into a file of another name, which gets its own when all of it is on the disk.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def store(self) -> ObjectStore:
        """Opened when it is first needed: the service starts even while the disk is away."""
        return LocalStore(self.root, mkdir=True)

    async def put(
        self, key: str, blocks: AsyncIterator[bytes], attributes: Mapping[str, str]
    ) -> None:
        """Keep the blocks; `attributes` are in the database anyway."""
        draft, final = self.root / INCOMING / uuid4().hex, self.root / key
        with translated():
            try:
                file = await in_thread(_create, draft)
                try:
                    async for block in blocks:
                        await in_thread(file.write, block)
                    await in_thread(_sync, file)
                finally:
                    await in_thread(file.close)
                await in_thread(_publish, draft, final)
            except BaseException:
                with CancelScope(shield=True):
                    await in_thread(_forget, draft, final)
                raise


def _create(path: Path) -> Any:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("xb")


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())


def _publish(draft: Path, final: Path) -> None:
    """Give the file its name, and be sure that the disk knows it (rename(2), fsync(2))."""
    if not final.parent.is_dir():
        final.parent.mkdir(exist_ok=True)
        _sync_folder(final.parent.parent)
    draft.replace(final)
    _sync_folder(final.parent)


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
