"""Orders as the API speaks of them."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.core.numbers import JSON_INTEGER
from app.core.pagination import PageQuery
from app.schemas.base import Input, Output

Status = Literal["pending", "confirmed", "cancelled"]
Amount = Annotated[Decimal, Field(examples=["49.80"])]


class OrderLineCreate(Input):
    """Some of one item."""

    item_id: UUID
    quantity: Annotated[int, Field(ge=1, le=1000, examples=[2]), JSON_INTEGER]


class OrderCreate(Input):
    """What to put aside."""

    lines: Annotated[list[OrderLineCreate], Field(min_length=1, max_length=50)]


class OrderLineRead(Output):
    """Some of one item, at the price it had."""

    item_id: UUID
    quantity: Annotated[int, Field(examples=[2])]
    unit_price: Amount


class OrderRead(Output):
    """An order. `owner_id` is null when the account is gone."""

    id: UUID
    status: Status
    lines: list[OrderLineRead]
    total: Amount
    owner_id: UUID | None
    created_at: datetime
    updated_at: datetime


class OrderQuery(PageQuery):
    """Which orders, in which order. `q` looks at the status."""

    sort: Literal["created_at", "-created_at", "total", "-total"] = "-created_at"
    status: Status | None = None
