"""Schemas of exchange rates."""

import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, PlainSerializer, StringConstraints

from app.schemas.base import Output

Currency = Annotated[
    str,
    StringConstraints(pattern="^[A-Z]{3}$"),
    Field(description="A currency's code (ISO 4217)", examples=["EUR"]),
]
# A string like every amount, and never with an exponent.
Rate = Annotated[
    Decimal, PlainSerializer(lambda rate: f"{rate:f}", return_type=str), Field(examples=["1.0842"])
]


class Rates(Output):
    """What one unit of `base` costs in other currencies."""

    base: Currency
    date: Annotated[datetime.date | None, Field(description="The day of the rates, if known")]
    rates: dict[str, Rate]


class RatesFault(Output):
    """Why the rates of a currency are missing."""

    code: Annotated[str, Field(examples=["upstream_timeout"])]
    detail: Annotated[str, Field(examples=["Another service did not answer in time."])]


class RatesResult(Output):
    """The rates of one currency, or the error."""

    base: Currency
    date: datetime.date | None = None
    rates: dict[str, Rate] | None = None
    error: RatesFault | None = None


class RatesBatch(Output):
    """One result a currency, in the order of the request."""

    results: list[RatesResult]
