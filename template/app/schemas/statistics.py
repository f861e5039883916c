"""Schemas of statistics."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from app.schemas.base import Output, in_cents


class Statistics(Output):
    """Totals over all items."""

    items: Annotated[int, Field(description="Number of items", examples=[120])]
    in_stock: Annotated[int, Field(description="Number of items in stock", examples=[97])]
    units: Annotated[int, Field(description="Units in stock", examples=[2310])]
    value: Annotated[
        Decimal,
        AfterValidator(in_cents),
        Field(description="Value of the stock", examples=["48120.50"]),
    ]
