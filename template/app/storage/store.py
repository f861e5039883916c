"""Bytes by name, in S3 or in memory, with errors that the API can show."""

import errno
import os
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import obstore
from anyio.to_thread import run_sync as in_thread
from obstore.exceptions import BaseError
from obstore.store import MemoryStore, ObjectStore, S3Store

from app.core.exceptions import AppError, DependencyUnavailableError, NotFoundError
from app.core.settings import SettingsError
from app.storage.settings import StorageSettings

BLOCK_BYTES = 256 * 1024
# The least that S3 takes as one part of many.
PART_BYTES = 5 * 1024 * 1024
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageUnavailableError(DependencyUnavailableError):
    """The storage is down, silent, or refuses us."""

    detail = "The file storage does not answer. Try again."


class InsufficientStorageError(AppError):
    """There is no room left (RFC 4918 §11.5)."""

    status = 507
    code = "insufficient_storage"
    detail = "There is no room left for this file."


class BytesNotFoundError(NotFoundError):
    """The storage has nothing of this name: it was deleted a moment ago, or has been lost."""

    detail = "The content of this file is gone."


@contextmanager
def translated() -> Generator[None]:
    """Say what the storage's errors mean to a caller."""
    try:
        yield
    except (BaseError, OSError) as error:
        full = isinstance(error, OSError) and error.errno in FULL
        raise (InsufficientStorageError if full else StorageUnavailableError) from error


class ObjectStorage:
    """Any store of obstore's, which does its work in threads of its own.

    They must not be at it when Python ends, which aborts the process (before 3.14). So what
    `sweep-files` ends with, listing and deleting, is waited for in a thread of ours instead.
    """

    def __init__(self, store: ObjectStore) -> None:
        self._store = store

    @property
    def store(self) -> ObjectStore:
        """What the bytes are in."""
        return self._store

    async def put(
        self, key: str, blocks: AsyncIterator[bytes], attributes: Mapping[str, str]
    ) -> None:
        """Keep the blocks under a new name: durably and whole, or not at all."""
        with translated():
            await obstore.put_async(
                self.store,
                key,
                blocks,
                attributes=dict(attributes),
                chunk_size=PART_BYTES,
                max_concurrency=1,  # each costs the memory of a part
            )

    async def read(self, key: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """Open a range of the bytes; what comes of it may be read as slowly as one likes."""
        with translated():
            try:
                found = await obstore.get_async(self.store, key, options={"range": (start, stop)})
            except FileNotFoundError as error:
                raise BytesNotFoundError from error
        return _pieces(found.stream(BLOCK_BYTES))

    async def delete(self, *keys: str) -> None:
        """Delete what is still there of these."""
        for key in keys:
            with translated(), suppress(FileNotFoundError):
                await in_thread(obstore.delete, self.store, key)

    async def older(self, folder: str, than: datetime) -> AsyncGenerator[list[str], None]:
        """List what is in a folder, in batches, but for what is newer."""
        with translated():
            batches = obstore.list(self.store, folder, chunk_size=500)
            while (found := await in_thread(next, batches, None)) is not None:
                yield [entry["path"] for entry in found if entry["last_modified"] < than]

    async def link(self, key: str, seconds: int) -> str | None:
        """Make a link that anybody may download from for a while, if the store can do that."""
        if not isinstance(self.store, S3Store):
            return None
        with translated():
            return await obstore.sign_async(self.store, "GET", key, timedelta(seconds=seconds))


async def _pieces(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in stream:
        yield bytes(piece)


def open_memory() -> ObjectStorage:
    """For trying things out: everything is gone when the process ends."""
    return ObjectStorage(MemoryStore())


def forget_empty_variables() -> None:
    """obstore reads `AWS_` variables itself, and takes an empty one for a value, not for unset."""
    for name, value in list(os.environ.items()):
        if name.startswith("AWS_") and not value:
            del os.environ[name]


def open_s3(settings: StorageSettings) -> ObjectStorage:
    """A bucket, with every wait bounded."""
    forget_empty_variables()
    endpoint = str(settings.aws_endpoint_url or "")
    waits: Any = {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=3),
        "read_timeout": timedelta(seconds=15),
        "timeout": timedelta(hours=1),  # of a whole download
    }
    given: dict[str, str] = {
        "access_key_id": settings.aws_access_key_id,
        "secret_access_key": settings.aws_secret_access_key.get_secret_value(),
        "region": settings.aws_region,
        "endpoint": endpoint,
    }
    config: Any = {name: value for name, value in given.items() if value}
    retries: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
    try:
        store = S3Store.from_url(
            settings.storage_url, config=config, client_options=waits, retry_config=retries
        )
    except (BaseError, ValueError):
        raise SettingsError("STORAGE_URL or an AWS_ variable: cannot be used") from None
    return ObjectStorage(store)
