"""Publishing events to connected users: a port, and what stands for it without `websocket`."""

from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a row, such as `job.updated`, and the user it concerns, if any.

    `model` is the schema of the row, which is serialized when `publish_event` is called.
    """

    name: str
    user_id: UUID | None
    model: type[BaseModel]
    row: object


class EventPublisher:
    """Publishes events to users. This one publishes nothing."""

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        """Publish it after the commit of the session's transaction; not after a rollback."""


NULL_PUBLISHER = EventPublisher()
