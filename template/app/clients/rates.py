"""Exchange rates from a public service, such as the European Central Bank's."""

import datetime
from decimal import Decimal
from typing import Annotated

from httpx2 import URL
from pydantic import BaseModel, Field, HttpUrl

from app.clients.errors import UpstreamError
from app.clients.http import HttpClient

Code = Annotated[str, Field(pattern="^[A-Z0-9]{2,10}$")]
Rate = Annotated[Decimal, Field(ge=Decimal("1e-12"), le=Decimal("1e12"))]


class UpstreamRates(BaseModel):
    """The part of the answer that we rely on: `{"base": "EUR", "rates": {"USD": 1.08}}`."""

    base: Code | None = None
    date: datetime.date | None = None
    rates: Annotated[dict[Code, Rate], Field(max_length=1000)]


class RatesClient:
    """Knows the other service's address and language."""

    def __init__(self, http: HttpClient, url: HttpUrl) -> None:
        self.http = http
        self.url = URL(str(url))

    async def latest(self, base: str) -> UpstreamRates:
        """What one unit of `base` costs in others. Rates of another base are an error."""
        reply = await self.http.request("GET", self.url.copy_set_param("base", base))
        rates = reply.parse(UpstreamRates)
        if rates.base not in {None, base}:
            raise UpstreamError
        return rates
