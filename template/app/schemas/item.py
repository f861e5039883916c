"""Schemas of items."""

import datetime as dt
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.schemas.base import (
    JSON_INTEGER,
    QUERY_INTEGER,
    Amount,
    Input,
    LongText,
    Output,
    OutputInteger,
    OutputText,
    Price,
    ShortText,
)
from app.schemas.pagination import ListQuery, PageQuery

ItemStock = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[12]), JSON_INTEGER]
ItemStockQuery = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[12]), QUERY_INTEGER]


class ItemCreate(Input):
    """A new item."""

    name: ShortText
    description: LongText | None = None
    price: Price
    stock: ItemStock = 0


class ItemUpdate(Input):
    """Changes to an item. A field that is left out stays as it is."""

    name: ShortText | MISSING = MISSING
    description: LongText | None | MISSING = MISSING
    price: Price | MISSING = MISSING
    stock: ItemStock | MISSING = MISSING


class ItemRead(Output):
    """An item."""

    id: UUID
    name: OutputText
    description: OutputText | None
    price: Amount
    stock: OutputInteger
    version: Annotated[
        int, Field(description="Grows with every change; also the ETag", examples=[3])
    ]
    created_at: dt.datetime
    updated_at: dt.datetime


class ItemFilter(ListQuery):
    """Filters of every list of items."""

    name: ShortText | None = None
    min_price: Price | None = None
    max_price: Price | None = None
    min_stock: ItemStockQuery | None = None
    max_stock: ItemStockQuery | None = None
    in_stock: bool | None = None


class ItemQuery(PageQuery, ItemFilter):
    """Query parameters of the list."""

    sort: Literal[
        "created_at",
        "-created_at",
        "name",
        "-name",
        "description",
        "-description",
        "price",
        "-price",
        "stock",
        "-stock",
    ] = "-created_at"
