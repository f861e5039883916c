"""Telling users what has changed, while they watch: a port. Without `websocket`, nobody does."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession


@dataclass(frozen=True, slots=True)
class Event:
    """What has happened to a row, such as `order.updated`, and whom it concerns, if anybody.

    `model` is the form in which the row is told, as it is when `tell` is called.
    """

    name: str
    user_id: UUID | None
    model: type[BaseModel]
    row: object


class Events(Protocol):
    """Tells users of events."""

    def tell(self, session: AsyncSession, event: Event) -> None:
        """Tell it once the session's transaction is committed; never if that is undone."""
        ...


class NoEvents:
    """Tells nobody."""

    def tell(self, session: AsyncSession, event: Event) -> None:
        """There is nobody to tell."""


NO_EVENTS = NoEvents()
