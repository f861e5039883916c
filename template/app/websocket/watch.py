"""Who may stay: tokens expire and sessions end while a connection is open."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import structlog

from app.websocket.connection import UNAUTHORIZED
from app.websocket.hub import Hub

# Finds those of the sessions that have not ended.
Validate = Callable[[Collection[UUID]], Awaitable[set[UUID]]]

log = structlog.get_logger(__name__)


async def watch(hub: Hub, validate: Validate) -> NoReturn:
    """Look again and again, at all connections at once."""
    while True:
        await asyncio.sleep(hub.settings.websocket_check_seconds)
        end_expired(hub)
        try:
            await end_revoked(hub, validate)
        except Exception as error:  # the database is away: nobody is thrown out for that
            log.warning("websocket_check_failed", error=type(error).__name__)


def end_expired(hub: Hub) -> None:
    """Close the connections whose token has expired."""
    now = datetime.now(UTC)
    for connection in tuple(hub.connections):
        if connection.expires_at <= now:
            connection.end(UNAUTHORIZED, "token_expired")


async def end_revoked(hub: Hub, validate: Validate) -> None:
    """Close the connections whose session has ended, or whose user is disabled or gone."""
    asked = tuple(hub.connections)
    if not asked:
        return
    valid = await validate({connection.session_id for connection in asked})
    for connection in asked:
        if connection.session_id not in valid:
            connection.end(UNAUTHORIZED, "token_revoked")
