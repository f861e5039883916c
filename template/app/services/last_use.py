"""Stores when credentials are used, which their owners see."""

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy import or_, update
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from app.core.exceptions import AppError
from app.db.base import utc_now
from app.db.session import Database
from app.models.auth import HasLastUse

# How far `last_used_at` may be behind: it is written so often at most.
USE_INTERVAL = timedelta(minutes=1)
# How long a request waits until its use is stored, which goes on without it.
WAIT_SECONDS = 0.1

log = structlog.get_logger(__name__)


class UseRecorder:
    """Stores uses, each in a transaction of its own. No request fails, or is slow, with it."""

    def __init__(self) -> None:
        self.running: dict[UUID, asyncio.Task[None]] = {}

    async def record(
        self, database: Database, model: type[HasLastUse], id: UUID, last_used_at: datetime | None
    ) -> None:
        """Store that a credential is used now, unless it was within the last minute."""
        if last_used_at is not None and utc_now() - last_used_at < USE_INTERVAL:
            return
        if id not in self.running:
            self.running[id] = task = asyncio.create_task(store_use(database, model, id))
            task.add_done_callback(lambda _: self.running.pop(id))
        await asyncio.wait([self.running[id]], timeout=WAIT_SECONDS)

    async def finish(self) -> None:
        """Wait for what is being stored; the database has timeouts."""
        await asyncio.gather(*self.running.values())


async def store_use(database: Database, model: type[HasLastUse], id: UUID) -> None:
    """Store a use, unless another process has done so within the minute."""
    now = utc_now()
    due = or_(model.last_used_at.is_(None), model.last_used_at <= now - USE_INTERVAL)
    try:
        async with database.transactions.begin() as session:
            await session.execute(update(model).where(model.id == id, due).values(last_used_at=now))
    except (AppError, PoolTimeoutError) as error:
        log.warning("last_use_not_stored", error=type(error).__name__)
