"""Items as the API speaks of them."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import MISSING, AfterValidator, BeforeValidator, ConfigDict, Field, WithJsonSchema

from app.core.numbers import JSON_INTEGER
from app.core.pagination import ListQuery, PageQuery
from app.core.text import Text
from app.schemas.base import Input, Output

Name = Annotated[Text, Field(min_length=1, max_length=100, examples=["Teapot"])]
Description = Annotated[Text, Field(max_length=10_000, examples=["Holds one litre."])]
# A string, for many JSON readers make a binary fraction of a number; numbers are accepted too.
AMOUNT = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"


def as_documented(amount: Any) -> Any:
    """Refuse `1e2`, `1_000` and digits of other scripts, which Python reads too."""
    if isinstance(amount, bool) or (isinstance(amount, str) and not re.fullmatch(AMOUNT, amount)):
        raise ValueError("must be like 24.90: up to 10 digits, and up to 2 after the point")
    return amount


Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(as_documented),
    AfterValidator(lambda amount: abs(amount).quantize(Decimal("0.01"))),
    WithJsonSchema({"type": "string", "pattern": AMOUNT, "examples": ["24.90"]}),
]
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
    price: Annotated[Decimal, Field(examples=["24.90"])]
    stock: Annotated[int, Field(examples=[12])]
    version: Annotated[
        int, Field(description="Grows with every change; also the ETag", examples=[3])
    ]
    created_at: datetime
    updated_at: datetime


class ItemFilter(ListQuery):
    """Which items."""

    model_config = ConfigDict(extra="ignore")

    min_price: Price | None = None
    max_price: Price | None = None
    in_stock: bool | None = None


class ItemQuery(PageQuery, ItemFilter):
    """Which items, in which order."""

    sort: Literal[
        "created_at", "-created_at", "name", "-name", "price", "-price", "stock", "-stock"
    ] = "-created_at"
