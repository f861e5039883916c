"""Exchange rates from another service."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar

from app.clients.http import UpstreamError
from app.clients.rates import RatesClient
from app.core.exceptions import DependencyUnavailableError
from app.schemas.rate import Rates, RatesBatch, RatesFault, RatesResult


class RatesNotConfiguredError(DependencyUnavailableError):
    """`RATES_URL` is not set."""

    detail = "This service has no source of exchange rates."
    headers: ClassVar[Mapping[str, str]] = {}  # no Retry-After: retrying will not help


class RateService:
    """Exchange rates, not cached."""

    def __init__(self, source: RatesClient | None) -> None:
        self.source = source

    async def read(self, base: str) -> Rates:
        """Read the rates of one currency."""
        if self.source is None:
            raise RatesNotConfiguredError
        found = await self.source.latest(base)
        return Rates(base=base, date=found.date, rates=found.rates)

    async def read_batch(self, bases: Iterable[str]) -> RatesBatch:
        """Read the rates of several currencies concurrently. Raises only if all of them fail."""
        errors: list[UpstreamError] = []

        async def read(base: str) -> RatesResult:
            try:
                return RatesResult(**(await self.read(base)).model_dump())
            except UpstreamError as error:
                errors.append(error)
                fault = RatesFault(code=error.code, detail=error.message)
                return RatesResult(base=base, error=fault)

        results = await asyncio.gather(*map(read, dict.fromkeys(bases)))
        if len(errors) == len(results):
            raise errors[0]
        return RatesBatch(results=results)
