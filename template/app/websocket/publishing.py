"""Publishing: at once to those who are connected here, and to other processes by the relay."""

from contextlib import AbstractAsyncContextManager, nullcontext
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.events import Event
from app.websocket.frames import message
from app.websocket.hub import Hub, private_channel
from app.websocket.relay import Relay


class NoRelay:
    """There are no other processes, as far as this one knows."""

    def send(self, channel: str, frame: str) -> None:
        """Nobody hears it elsewhere."""

    def open(self) -> AbstractAsyncContextManager[None]:
        """There is nothing to open."""
        return nullcontext()


class Publisher:
    """Sends messages to everybody who has subscribed; and users, what concerns them."""

    def __init__(self, hub: Hub, relay: Relay | NoRelay) -> None:
        self.hub = hub
        self.relay = relay

    def publish(self, channel: str, sender: UUID | None, data: JsonValue) -> None:
        """Publish in a channel."""
        frame = message(channel, sender, data)
        self.hub.deliver(channel, frame)
        self.relay.send(channel, frame)

    def tell(self, session: AsyncSession, event: Event) -> None:
        """Tell a user of an event, once it is committed."""
        if event.user_id is None:
            return
        channel, data = private_channel(event.user_id), describe(event)

        async def publish() -> None:
            self.publish(channel, None, data)

        after_commit(session, publish)


def describe(event: Event) -> JsonValue:
    """Say what has happened, and how the row is now: `{"event": "order.updated", "order": …}`."""
    resource = event.name.partition(".")[0]
    row = event.model.model_validate(event.row).model_dump(mode="json")
    return {"event": event.name, resource: row}
