"""Taking files in: first the bytes, then the rows, and all of them or none."""

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
from app.db.session import Database
from app.models.file import File
from app.repositories.file import FileRepository
from app.storage.inspection import Inspection
from app.storage.naming import attachment, display_name, key_of
from app.storage.settings import StorageSettings
from app.storage.store import BLOCK_BYTES, InsufficientStorageError, ObjectStorage

# Half of what the sweeper waits, so that it never takes an upload under way for a failed one.
LONGEST_SECONDS = 30 * 60

log = structlog.get_logger(__name__)


class UploadTooSlowError(AppError):
    """The body has been coming in for too long."""

    status = 408
    code = "request_timeout"
    detail = "The upload took too long."


class QuotaExceededError(InsufficientStorageError):
    """The user has as much as one may have (RFC 4331 §6)."""

    detail = "Your files would take more room than you may use. Delete some."


@dataclass(frozen=True, slots=True)
class Incoming:
    """A file on its way: what the caller calls it, and its bytes in pieces of any size."""

    filename: str
    pieces: AsyncIterator[bytes]


class UploadService:
    """Uploads, in transactions of their own: none is open while a body comes in."""

    def __init__(
        self, database: Database, storage: ObjectStorage, settings: StorageSettings
    ) -> None:
        self.database = database
        self.storage = storage
        self.settings = settings
        self.longest_seconds: float = LONGEST_SECONDS

    async def receive(self, incoming: AsyncIterator[Incoming], owner_id: UUID) -> list[File]:
        """Keep the files, or raise and keep none of them."""
        files: list[File] = []
        committing = False
        try:
            async with asyncio.timeout(self.longest_seconds) as deadline:
                async for one in incoming:
                    files.append(await self._store(one, owner_id))
            async with self.database.transactions() as session:
                await self._record(session, files, owner_id)
                committing = True
                await session.commit()
        except BaseException as error:
            await self._discard(files, unsure=committing)
            if isinstance(error, TimeoutError) and deadline.expired():
                raise UploadTooSlowError from error
            raise
        return files

    async def _store(self, incoming: Incoming, owner_id: UUID) -> File:
        name, limit = display_name(incoming.filename), self.settings.upload_max_bytes
        inspection = Inspection(name, self.settings.upload_allowed_types, limit)
        file_id, kind = uuid7(), inspection.content_type
        attributes = {"Content-Type": kind, "Content-Disposition": attachment(name)}
        await self.storage.put(key_of(file_id), inspected(incoming.pieces, inspection), attributes)
        return File(
            id=file_id,
            owner_id=owner_id,
            filename=name,
            content_type=kind,
            size=inspection.size,
            sha256=inspection.sha256,
        )

    async def _record(self, session: AsyncSession, files: Sequence[File], owner_id: UUID) -> None:
        quota, repository = self.settings.upload_quota_bytes, FileRepository(session)
        if not await repository.lock_owner(owner_id):
            raise TokenRevokedError
        used = await repository.used_bytes(owner_id) + sum(file.size for file in files)
        if quota and used > quota:
            raise QuotaExceededError
        session.add_all(files)
        await session.flush()

    async def _discard(self, files: Sequence[File], *, unsure: bool) -> None:
        """Delete the bytes, unless a commit that seemed to fail has made the files after all."""
        with anyio.CancelScope(shield=True):
            try:
                known = await self._known(files) if unsure else set()
                await self.storage.delete(*(key_of(f.id) for f in files if f.id not in known))
            except Exception:
                log.exception("upload_left_to_the_sweeper")

    async def _known(self, files: Sequence[File]) -> set[UUID]:
        async with self.database.reads() as session:
            return await FileRepository(session).known([file.id for file in files])


async def inspected(pieces: AsyncIterator[bytes], inspection: Inspection) -> AsyncIterator[bytes]:
    """Pass the pieces on in blocks that are worth a thread's time, and look at each."""
    async for block in blocks(pieces):
        await anyio.to_thread.run_sync(inspection.feed, block)
        yield block
    inspection.finish()


async def blocks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Join pieces. All blocks but the last have `BLOCK_BYTES` or a little more."""
    block = bytearray()
    async for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
