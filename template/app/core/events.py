"""Publishing events to connected users: a port. Without `websocket`, nothing is published."""

from dataclasses import dataclass
from typing import Protocol
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


class EventPublisher(Protocol):
    """Publishes events to users."""

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        """Publish it after the commit of the session's transaction; not after a rollback."""
        ...


class NullPublisher:
    """Publishes nothing."""

    def publish_event(self, session: AsyncSession, event: Event) -> None:
        """Do nothing."""


NULL_PUBLISHER = NullPublisher()
