"""Schemas of orders."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.schemas.base import JSON_INTEGER, Amount, Input, Output
from app.schemas.pagination import PageQuery

Status = Literal["pending", "confirmed", "cancelled"]


class OrderLineCreate(Input):
    """An item and how many of it."""

    item_id: UUID
    quantity: Annotated[int, Field(ge=1, le=1000, examples=[2]), JSON_INTEGER]


class OrderCreate(Input):
    """A new order."""

    lines: Annotated[list[OrderLineCreate], Field(min_length=1, max_length=50)]


class OrderLineRead(Output):
    """An item, how many of it, and its price at the time of the order."""

    item_id: UUID
    quantity: Annotated[int, Field(examples=[2])]
    unit_price: Amount


class OrderRead(Output):
    """An order. `owner_id` is null when the account has been deleted."""

    id: UUID
    status: Status
    lines: list[OrderLineRead]
    total: Amount
    owner_id: UUID | None
    created_at: datetime
    updated_at: datetime


class OrderQuery(PageQuery):
    """Query parameters of the list. `q` searches the status."""

    sort: Literal["created_at", "-created_at", "total", "-total"] = "-created_at"
    status: Status | None = None
