"""What the service answers to each frame of a client."""

from app.websocket.connection import Connection
from app.websocket.frames import FrameError, Ping, Publish, Subscribe, frame, parse
from app.websocket.hub import Hub, allow
from app.websocket.publishing import Publisher


class Conversation:
    """Obeys one client. A frame that cannot be obeyed is answered, and costs it nothing else."""

    def __init__(self, connection: Connection, hub: Hub, publisher: Publisher) -> None:
        self.connection = connection
        self.hub = hub
        self.publisher = publisher

    def welcome(self) -> None:
        """Say first who is talking."""
        here = self.connection
        here.send(frame("welcome", connection_id=here.id, user_id=here.user_id))

    async def handle(self, text: str | None) -> None:
        """Obey a frame; None stands for a binary one."""
        try:
            if text is None:
                raise FrameError("unsupported_media_type", "Send text frames.")
            self._obey(text)
        except FrameError as error:
            self.connection.send(frame("error", code=error.code, detail=error.detail))

    def _obey(self, text: str) -> None:
        asked = parse(text)
        if isinstance(asked, Ping):
            self.connection.send(frame("pong"))
        elif isinstance(asked, Publish):
            allow(self.connection, asked.channel)
            self.publisher.publish(asked.channel, self.connection.user_id, asked.data)
        elif isinstance(asked, Subscribe):
            self.hub.subscribe(self.connection, asked.channel)
            self.connection.send(frame("subscribed", channel=asked.channel))
        else:
            self.hub.unsubscribe(self.connection, asked.channel)
            self.connection.send(frame("unsubscribed", channel=asked.channel))
