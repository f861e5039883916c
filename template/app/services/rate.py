"""What can be said of exchange rates."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import ClassVar

from app.clients.errors import UpstreamError
from app.clients.rates import RatesClient
from app.core.exceptions import DependencyUnavailableError
from app.schemas.rate import Rates, RatesBatch, RatesFault, RatesResult


class RatesNotConfiguredError(DependencyUnavailableError):
    """`RATES_URL` is not set."""

    detail = "This service has no source of exchange rates."
    headers: ClassVar[Mapping[str, str]] = {}  # trying again will not help


class RateService:
    """Rates, fresh from their source."""

    def __init__(self, source: RatesClient | None) -> None:
        self.source = source

    async def read(self, base: str) -> Rates:
        """Read the rates of one currency."""
        if self.source is None:
            raise RatesNotConfiguredError
        found = await self.source.latest(base)
        return Rates(base=base, date=found.date, rates=found.rates)

    async def read_all(self, bases: Iterable[str]) -> RatesBatch:
        """Read the rates of several at once. One that fails, fails alone; not so if all do."""
        wanted = list(dict.fromkeys(bases))
        answers = await asyncio.gather(*map(self._try, wanted))
        faults = [answer for answer in answers if isinstance(answer, UpstreamError)]
        if len(faults) == len(answers):
            raise faults[0]
        return RatesBatch(results=list(map(_result, wanted, answers)))

    async def _try(self, base: str) -> Rates | UpstreamError:
        try:
            return await self.read(base)
        except UpstreamError as error:
            return error


def _result(base: str, answer: Rates | UpstreamError) -> RatesResult:
    if isinstance(answer, Rates):
        return RatesResult(**answer.model_dump())
    return RatesResult(base=base, error=RatesFault(code=answer.code, detail=answer.message))
