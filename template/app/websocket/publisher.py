"""Publishes events, such as a changed job, to the user they concern."""

from collections.abc import Awaitable, Callable

from pydantic import JsonValue
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.after_commit import after_commit
from app.core.events import Event
from app.websocket.protocol import message, private_channel


class WebSocketPublisher:
    """Publishes in the user's private channel, from a server or a worker.

    `send` takes a channel and a frame.
    """

    def __init__(self, send: Callable[[str, str], Awaitable[None]]) -> None:
        self.send = send

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        """Publish an event after the session's commit. Events without a user are dropped."""
        if event.user_id is None:
            return
        channel, data = private_channel(event.user_id), event_payload(event)

        async def publish() -> None:
            await self.send(channel, message(channel, None, data))

        after_commit(session, publish)


def event_payload(event: Event) -> JsonValue:
    """Return the data of a message: `{"event": "job.updated", "job": {…}}`."""
    resource = event.name.partition(".")[0]
    row = event.model.model_validate(event.row).model_dump(mode="json")
    return {"event": event.name, resource: row}
