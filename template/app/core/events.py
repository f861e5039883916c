"""Telling users what has changed, while they watch: a port. Without `websocket`, nobody does."""

from typing import Protocol
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession


class Events(Protocol):
    """Tells users of changes."""

    def tell(
        self,
        session: AsyncSession,
        user_id: UUID | None,
        event: str,
        model: type[BaseModel],
        row: object,
    ) -> None:
        """Tell a user of an event, `order.updated`, once the session's transaction is committed.

        What is told is the row as it is now, in the form of `model`. Nobody is told if the row
        belongs to nobody, or if the transaction is undone.
        """
        ...


class NoEvents:
    """Tells nobody."""

    def tell(
        self,
        session: AsyncSession,
        user_id: UUID | None,
        event: str,
        model: type[BaseModel],
        row: object,
    ) -> None:
        """There is nobody to tell."""


NO_EVENTS = NoEvents()
