"""Statistics as the API speaks of them."""

from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, Field

from app.schemas.base import Output


def _in_cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"))


class Statistics(Output):
    """How much there is of everything."""

    items: Annotated[int, Field(description="Different items", examples=[120])]
    in_stock: Annotated[int, Field(description="Those of which there is something", examples=[97])]
    units: Annotated[int, Field(description="Pieces in stock", examples=[2310])]
    value: Annotated[
        Decimal,
        AfterValidator(_in_cents),
        Field(description="What they cost together", examples=["48120.50"]),
    ]
