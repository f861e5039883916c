"""Storing uploads: first the bytes, then the rows, and all files or none."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import anyio
import structlog
from sqlalchemy.ext.asyncio import AsyncSession
from uuid_utils.compat import uuid7

from app.auth.tokens import TokenRevokedError
from app.core.exceptions import AppError
from app.core.http import attachment
from app.db.session import Database
from app.models.file import File
from app.repositories.file import FileRepository
from app.storage.settings import StorageSettings
from app.storage.store import BLOCK_BYTES, InsufficientStorageError, ObjectStorage
from app.storage.validation import UploadValidator, display_name, key_of

# Half of the age at which the orphan cleanup deletes bytes, so it never deletes a running upload's.
UPLOAD_TIMEOUT_SECONDS = 30 * 60

log = structlog.get_logger(__name__)


class UploadTooSlowError(AppError):
    """The body was not received in time."""

    status = 408
    code = "request_timeout"
    detail = "The upload took too long."


class QuotaExceededError(InsufficientStorageError):
    """The user's files would exceed the quota (RFC 4331 §6)."""

    detail = "Your files would take more room than you may use. Delete some."
    reported = False


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A file that is being received: the client's name of it, and its content in pieces."""

    filename: str
    content: AsyncIterator[bytes]


@dataclass(slots=True)
class UploadService:
    """Uploads. No transaction is open while a body is received."""

    database: Database
    storage: ObjectStorage
    settings: StorageSettings
    timeout_seconds: float = UPLOAD_TIMEOUT_SECONDS

    async def receive(self, incoming: AsyncIterator[IncomingFile], owner_id: UUID) -> list[File]:
        """Store the files, or raise and store none of them."""
        files: list[File] = []
        committing = False
        try:
            async with asyncio.timeout(self.timeout_seconds) as deadline:
                async for file in incoming:
                    files.append(await self._store(file, owner_id))
            async with self.database.transactions() as session:
                await self._add_rows(session, files, owner_id)
                committing = True
                await session.commit()
        except BaseException as error:
            await self._discard(files, maybe_committed=committing)
            if isinstance(error, TimeoutError) and deadline.expired():
                raise UploadTooSlowError from error
            raise
        return files

    async def _store(self, incoming: IncomingFile, owner_id: UUID) -> File:
        name, max_bytes = display_name(incoming.filename), self.settings.upload_max_bytes
        validator = UploadValidator(name, self.settings.upload_allowed_types, max_bytes)
        file_id, content_type = uuid7(), validator.content_type
        attributes = {"Content-Type": content_type, "Content-Disposition": attachment(name)}
        blocks = validated_blocks(incoming.content, validator)
        await self.storage.put(key_of(file_id), blocks, attributes)
        return File(
            id=file_id,
            owner_id=owner_id,
            filename=name,
            content_type=content_type,
            size=validator.size,
            sha256=validator.sha256,
        )

    async def _add_rows(self, session: AsyncSession, files: Sequence[File], owner_id: UUID) -> None:
        quota, repository = self.settings.upload_quota_bytes, FileRepository(session)
        if not await repository.lock_owner(owner_id):
            raise TokenRevokedError
        used = await repository.used_bytes(owner_id) + sum(file.size for file in files)
        if quota and used > quota:
            raise QuotaExceededError
        session.add_all(files)
        await session.flush()

    async def _discard(self, files: Sequence[File], *, maybe_committed: bool) -> None:
        """Delete the bytes, but for those of rows that a commit with an error has made."""
        with anyio.CancelScope(shield=True):
            try:
                kept = await self._existing(files) if maybe_committed else set()
                await self.storage.delete(*(key_of(f.id) for f in files if f.id not in kept))
            except Exception:
                log.exception("upload_cleanup_failed")

    async def _existing(self, files: Sequence[File]) -> set[UUID]:
        async with self.database.reads() as session:
            return await FileRepository(session).existing([file.id for file in files])


async def validated_blocks(
    pieces: AsyncIterator[bytes], validator: UploadValidator
) -> AsyncIterator[bytes]:
    """Join pieces to blocks of `BLOCK_BYTES` or a little more, and validate each."""
    block = bytearray()
    async for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield await validate(block, validator)
            block.clear()
    if block:
        yield await validate(block, validator)
    validator.finish()


async def validate(block: bytearray, validator: UploadValidator) -> bytes:
    """Validate a block in a thread, and return it."""
    content = bytes(block)
    await anyio.to_thread.run_sync(validator.feed, content)
    return content
