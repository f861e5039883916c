"""The connections of this process, and who listens to which channel."""

from collections import Counter, defaultdict
from collections.abc import Generator
from contextlib import contextmanager
from uuid import UUID

from app.core.exceptions import TooManyRequestsError
from app.websocket.connection import Connection
from app.websocket.frames import FrameError
from app.websocket.settings import WebSocketSettings

PRIVATE = "user:"


class TooManyConnectionsError(TooManyRequestsError):
    """The user has as many connections as one may have."""

    detail = "You have too many connections. Close one."


class Hub:
    """Knows who is here. Nothing in it waits, so nothing in it changes under anybody's feet."""

    def __init__(self, settings: WebSocketSettings) -> None:
        self.settings = settings
        self.connections: set[Connection] = set()
        self.channels: defaultdict[str, set[Connection]] = defaultdict(set)
        self.users: Counter[str] = Counter()

    @contextmanager
    def seat(self, connection: Connection) -> Generator[None, None, None]:
        """Keep a connection among the others, or raise `TooManyConnectionsError`."""
        user = str(connection.user_id)
        if self.users[user] >= self.settings.websocket_connections_per_user:
            raise TooManyConnectionsError
        self.users[user] += 1
        self.connections.add(connection)
        connection.ended.add_done_callback(lambda _: self._forget(connection))
        try:
            yield
        finally:
            self._forget(connection)
            self.users -= Counter((user,))

    def subscribe(self, connection: Connection, channel: str) -> None:
        """Let a connection hear what is published, or raise `FrameError`."""
        allow(connection, channel)
        limit = self.settings.websocket_channels_per_connection
        if len(connection.channels | {channel}) > limit:
            raise FrameError("too_many_channels", f"Subscribe to at most {limit} channels.")
        connection.channels.add(channel)
        self.channels[channel].add(connection)

    def unsubscribe(self, connection: Connection, channel: str) -> None:
        """Let it hear no more of that."""
        connection.channels.discard(channel)
        self.channels[channel].discard(connection)
        if not self.channels[channel]:
            del self.channels[channel]

    def deliver(self, channel: str, frame: str) -> None:
        """Send to everybody who listens here. One that is dropped meanwhile changes the set."""
        for connection in tuple(self.channels.get(channel, ())):
            connection.send(frame)

    def end_all(self, code: int, reason: str) -> None:
        """Close every connection."""
        for connection in tuple(self.connections):
            connection.end(code, reason)

    def _forget(self, connection: Connection) -> None:
        self.connections.discard(connection)
        for channel in tuple(connection.channels):
            self.unsubscribe(connection, channel)


def private_channel(user_id: UUID) -> str:
    """The channel that is this user's alone."""
    return f"{PRIVATE}{user_id}"


def allow(connection: Connection, channel: str) -> None:
    """Keep others out of a user's own channel: they may neither listen nor speak in it."""
    if channel.startswith(PRIVATE) and channel != private_channel(connection.user_id):
        raise FrameError("permission_denied", "This channel belongs to another user.")
