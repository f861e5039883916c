"""Schemas of items."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import MISSING, Field

from app.core.numbers import JSON_INTEGER
from app.core.pagination import ListQuery, PageQuery
from app.core.text import SafeText
from app.schemas.base import Input, Output
from app.schemas.fields import Amount, Price

Name = Annotated[SafeText, Field(min_length=1, max_length=100, examples=["Teapot"])]
Description = Annotated[SafeText, Field(max_length=10_000, examples=["Holds one litre."])]
Stock = Annotated[int, Field(ge=0, le=1_000_000_000, examples=[12]), JSON_INTEGER]


class ItemCreate(Input):
    """A new item."""

    name: Name
    description: Description | None = None
    price: Price
    stock: Stock = 0


class ItemUpdate(Input):
    """Changes to an item. A field that is left out stays as it is."""

    name: Name | MISSING = MISSING
    description: Description | None | MISSING = MISSING
    price: Price | MISSING = MISSING
    stock: Stock | MISSING = MISSING


class ItemRead(Output):
    """An item."""

    id: UUID
    name: Annotated[str, Field(examples=["Teapot"])]
    description: Annotated[str | None, Field(examples=["Holds one litre."])]
    price: Amount
    stock: Annotated[int, Field(examples=[12])]
    version: Annotated[
        int, Field(description="Grows with every change; also the ETag", examples=[3])
    ]
    created_at: datetime
    updated_at: datetime


class ItemFilter(ListQuery):
    """Filters of every list of items."""

    min_price: Price | None = None
    max_price: Price | None = None
    in_stock: bool | None = None


class ItemQuery(PageQuery, ItemFilter):
    """Query parameters of the list."""

    sort: Literal[
        "created_at", "-created_at", "name", "-name", "price", "-price", "stock", "-stock"
    ] = "-created_at"
