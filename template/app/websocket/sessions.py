"""Closes connections whose token expires or whose session ends while they are open."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import structlog

from app.websocket.connection import UNAUTHORIZED, Connection
from app.websocket.manager import ConnectionManager

# Returns the ids of the sessions that have not ended.
FindActive = Callable[[Collection[UUID]], Awaitable[set[UUID]]]

log = structlog.get_logger(__name__)


async def close_ended_sessions(manager: ConnectionManager, find_active: FindActive) -> NoReturn:
    """Check all connections every `WEBSOCKET_CHECK_SECONDS`."""
    while True:
        await asyncio.sleep(manager.settings.websocket_check_seconds)
        connections = tuple(manager.connections)
        close_expired(connections)
        try:
            await close_revoked(connections, find_active)
        except Exception as error:  # connections stay open while the database is unavailable
            log.warning("websocket_session_check_failed", error=type(error).__name__)


def close_expired(connections: Collection[Connection]) -> None:
    """Close the connections whose token has expired."""
    now = datetime.now(UTC)
    for connection in connections:
        if connection.expires_at <= now:
            connection.close(UNAUTHORIZED, "token_expired")


async def close_revoked(connections: Collection[Connection], find_active: FindActive) -> None:
    """Close the connections whose session has ended, or whose user is disabled or deleted."""
    active = await find_active({connection.session_id for connection in connections})
    for connection in connections:
        if connection.session_id not in active:
            connection.close(UNAUTHORIZED, "token_revoked")
