"""Exchange rates of a public service: an example of a client."""

import datetime
from decimal import Decimal
from typing import Annotated

from httpx2 import URL
from pydantic import BaseModel, Field, HttpUrl

from app.clients.http import HttpClient, UpstreamError

Code = Annotated[str, Field(pattern="^[A-Z0-9]{2,10}$")]
Rate = Annotated[Decimal, Field(ge=Decimal("1e-12"), le=Decimal("1e12"))]


class UpstreamRates(BaseModel):
    """The part of the answer that is used: `{"base": "EUR", "rates": {"USD": 1.08}}`."""

    base: Code | None = None
    date: datetime.date | None = None
    rates: Annotated[dict[Code, Rate], Field(max_length=1000)]


class RatesClient:
    """The client of the source of exchange rates."""

    def __init__(self, http: HttpClient, url: HttpUrl) -> None:
        self.http = http
        self.url = URL(str(url))

    async def latest(self, base: str) -> UpstreamRates:
        """Get the price of one unit of `base` in other currencies."""
        reply = await self.http.request("GET", self.url.copy_set_param("base", base))
        rates = reply.parse(UpstreamRates)
        if rates.base not in {None, base}:
            raise UpstreamError
        return rates
