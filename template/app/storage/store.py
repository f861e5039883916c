"""Object storage: in S3, in memory or in a folder, with errors that the API can show."""

import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import obstore
from anyio import CancelScope, open_file
from anyio import Path as AsyncPath
from anyio.to_thread import run_sync as in_thread
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, S3Store

from app.core.exceptions import AppError, DependencyUnavailableError, NotFoundError
from app.storage.validation import INCOMING_PREFIX

BLOCK_BYTES = 256 * 1024
# The minimum of S3 for a part of a multipart upload.
PART_BYTES = 5 * 1024 * 1024
DISK_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageUnavailableError(DependencyUnavailableError):
    """The storage is down, does not answer, or refuses access."""

    detail = "The file storage does not answer. Try again."


class InsufficientStorageError(AppError):
    """The storage is full (RFC 4918 §11.5)."""

    status = 507
    code = "insufficient_storage"
    detail = "There is no room left for this file."


class BytesNotFoundError(NotFoundError):
    """The storage has no object of this name: it was deleted a moment ago, or is lost."""

    detail = "The content of this file is gone."


@contextmanager
def translate_errors() -> Generator[None]:
    """Raise errors of the storage as errors of the API."""
    try:
        yield
    except (BaseError, OSError) as error:
        full = isinstance(error, OSError) and error.errno in DISK_FULL
        raise (InsufficientStorageError if full else StorageUnavailableError) from error


class ObjectStorage:
    """A store of obstore, which works in threads of its own.

    If they run when Python ends, the process aborts (before 3.14). So listing and deleting, the
    last steps of `clean-files`, run in a thread of ours instead.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def store(self) -> ObjectStore:
        """The store."""
        return self._store

    async def put(
        self, key: str, blocks: AsyncIterator[bytes], attributes: Mapping[str, str]
    ) -> None:
        """Store the blocks under a new name: durably and completely, or not at all."""
        with translate_errors():
            await obstore.put_async(
                self.store,
                key,
                blocks,
                attributes=dict(attributes),
                chunk_size=PART_BYTES,
                max_concurrency=1,  # each costs the memory of a part
            )

    async def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Open a range of the content, as a stream that may be read slowly."""
        with translate_errors():
            try:
                found = await obstore.get_async(self.store, key, options={"range": (start, stop)})
            except FileNotFoundError as error:
                raise BytesNotFoundError from error
        return (bytes(piece) async for piece in found.stream(BLOCK_BYTES))

    async def delete(self, *keys: str) -> None:
        """Delete these objects, if they exist."""
        for key in keys:
            with translate_errors(), suppress(FileNotFoundError):
                await in_thread(obstore.delete, self.store, key)

    async def list_older_than(
        self, prefix: str, before: datetime
    ) -> AsyncGenerator[list[str], None]:
        """List the names with a prefix that were last modified before a time, in batches."""
        with translate_errors():
            batches = obstore.list(self.store, prefix, chunk_size=500)
            while (found := await in_thread(next, batches, None)) is not None:
                yield [entry["path"] for entry in found if entry["last_modified"] < before]

    async def presign(self, key: str, seconds: int) -> str | None:
        """Return a presigned URL for downloads; None if the store has none."""
        if not isinstance(self.store, S3Store):
            return None
        with translate_errors():
            return await obstore.sign_async(self.store, "GET", key, timedelta(seconds=seconds))


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
