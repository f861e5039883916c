"""Closes connections whose token expires or whose session ends while they are open."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import structlog

from app.websocket.connection import UNAUTHORIZED
from app.websocket.manager import ConnectionManager

# Returns the ids of the sessions that have not ended.
FindActive = Callable[[Collection[UUID]], Awaitable[set[UUID]]]

log = structlog.get_logger(__name__)


async def close_ended_sessions(manager: ConnectionManager, find_active: FindActive) -> NoReturn:
    """Check all connections every `WEBSOCKET_CHECK_SECONDS`."""
    while True:
        await asyncio.sleep(manager.settings.websocket_check_seconds)
        close_expired(manager)
        try:
            await close_revoked(manager, find_active)
        except Exception as error:  # connections stay open while the database is unavailable
            log.warning("websocket_session_check_failed", error=type(error).__name__)


def close_expired(manager: ConnectionManager) -> None:
    """Close the connections whose token has expired."""
    now = datetime.now(UTC)
    for connection in tuple(manager.connections):
        if connection.expires_at <= now:
            connection.close(UNAUTHORIZED, "token_expired")


async def close_revoked(manager: ConnectionManager, find_active: FindActive) -> None:
    """Close the connections whose session has ended, or whose user is disabled or deleted."""
    checked = tuple(manager.connections)
    if not checked:
        return
    active = await find_active({connection.session_id for connection in checked})
    for connection in checked:
        if connection.session_id not in active:
            connection.close(UNAUTHORIZED, "token_revoked")
