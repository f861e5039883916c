"""The connections of this process, and which of them subscribe to which channel."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import NoReturn
from uuid import UUID

import structlog

from app.core.exceptions import TooManyRequestsError
from app.websocket.broadcast import RedisBroadcast
from app.websocket.connection import UNAUTHORIZED, Connection, WebSocketSettings

# Returns the ids of the sessions that have not ended.
FindActive = Callable[[Collection[UUID]], Awaitable[set[UUID]]]

log = structlog.get_logger(__name__)


class TooManyConnectionsError(TooManyRequestsError):
    """The user has `WEBSOCKET_CONNECTIONS_PER_USER` connections to this process."""

    detail = "You have too many connections. Close one."


class ConnectionManager:
    """Registers connections and delivers messages. No method waits, so each is atomic."""

    def __init__(self, settings: WebSocketSettings) -> None:
        self.settings = settings
        self.broadcast: RedisBroadcast | None = None
        self.connections: set[Connection] = set()
        self.subscribers: defaultdict[str, set[Connection]] = defaultdict(set)
        self.connections_by_user: Counter[UUID] = Counter()

    @contextmanager
    def register(self, connection: Connection) -> Generator[None, None, None]:
        """Keep a connection registered, or raise `TooManyConnectionsError`."""
        user_id = connection.user_id
        if self.connections_by_user[user_id] >= self.settings.websocket_connections_per_user:
            raise TooManyConnectionsError(headers={"Retry-After": "5"})
        self.connections_by_user[user_id] += 1
        self.connections.add(connection)
        connection.closed.add_done_callback(lambda _: self._remove(connection))
        try:
            yield
        finally:
            self._remove(connection)
            self.connections_by_user -= Counter((user_id,))

    def subscribe(self, connection: Connection, channel: str) -> None:
        """Deliver messages of a channel to a connection."""
        connection.channels.add(channel)
        self.subscribers[channel].add(connection)

    def unsubscribe(self, connection: Connection, channel: str) -> None:
        """Stop delivering messages of a channel to a connection."""
        connection.channels.discard(channel)
        self.subscribers[channel].discard(connection)
        if not self.subscribers[channel]:
            del self.subscribers[channel]

    async def publish(self, channel: str, frame: str) -> None:
        """Deliver a frame here, and queue it for the other processes."""
        self.deliver(channel, frame)
        if self.broadcast:
            self.broadcast.send(channel, frame)

    def deliver(self, channel: str, frame: str) -> None:
        """Send a frame to the subscribers of this process."""
        for connection in tuple(self.subscribers.get(channel, ())):  # `send` may remove one
            connection.send(frame)

    def close_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for connection in tuple(self.connections):
            connection.close(code, reason)

    def _remove(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for channel in tuple(connection.channels):
            self.unsubscribe(connection, channel)


async def close_ended_sessions(manager: ConnectionManager, find_active: FindActive) -> None:
    """Check all connections every `WEBSOCKET_CHECK_SECONDS`: tokens also if no database answers."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(watch_expiry(manager))
        tasks.create_task(watch_sessions(manager, find_active))


async def watch_expiry(manager: ConnectionManager) -> NoReturn:
    """Close the connections whose token has expired."""
    while True:
        await asyncio.sleep(manager.settings.websocket_check_seconds)
        close_expired(tuple(manager.connections))


def close_expired(connections: Collection[Connection]) -> None:
    """Close those of these connections whose token has expired."""
    now = datetime.now(UTC)
    for connection in connections:
        if connection.expires_at <= now:
            connection.close(UNAUTHORIZED, "token_expired")


async def watch_sessions(manager: ConnectionManager, find_active: FindActive) -> NoReturn:
    """Close the connections whose session has ended."""
    while True:
        await asyncio.sleep(manager.settings.websocket_check_seconds)
        try:
            await close_revoked(tuple(manager.connections), find_active)
        except Exception as error:  # connections stay open while the database is unavailable
            log.warning("websocket_session_check_failed", error=type(error).__name__)


async def close_revoked(connections: Collection[Connection], find_active: FindActive) -> None:
    """Close those whose session has ended, or whose user is disabled or deleted."""
    active = await find_active({connection.session_id for connection in connections})
    close_expired(connections)  # first, as they are not active either
    for connection in connections:
        if connection.session_id not in active:
            connection.close(UNAUTHORIZED, "token_revoked")
