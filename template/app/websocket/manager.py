"""The connections of this process, and which of them subscribe to which channel."""

from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from app.core.exceptions import TooManyRequestsError
from app.websocket.broadcast import RedisBroadcast
from app.websocket.connection import Connection
from app.websocket.settings import WebSocketSettings


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
            raise TooManyConnectionsError
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
