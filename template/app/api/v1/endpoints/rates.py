"""/api/v1/rates: exchange rates, read from another service."""

from typing import Annotated

from fastapi import Depends, Query

from app.api.deps import PrefixRouter
from app.api.responses import problems
from app.clients.http import UpstreamError, UpstreamTimeoutError
from app.core.exceptions import DependencyUnavailableError
from app.core.state import Request
from app.schemas.rate import Currency, Rates, RatesBatch
from app.services.rate import RateService, RatesNotConfiguredError

read_router = PrefixRouter(
    prefix="/rates",
    tags=["Rates"],
    responses=problems(
        DependencyUnavailableError, RatesNotConfiguredError, UpstreamError, UpstreamTimeoutError
    ),
)


async def get_rate_service(request: Request) -> RateService:
    """Make the service for one request."""
    return RateService(request.app.state.rates)


RateServiceDep = Annotated[RateService, Depends(get_rate_service)]


@read_router.get("")
async def get_rates(base: Annotated[Currency, Query()], rates: RateServiceDep) -> Rates:
    """Read what one unit of a currency costs in other currencies."""
    return await rates.read(base)


@read_router.get("/batch")
async def get_rates_batch(
    base: Annotated[list[Currency], Query(min_length=1, max_length=10)], rates: RateServiceDep
) -> RatesBatch:
    """Read the rates of several currencies. A currency that fails has an `error` in its result."""
    return await rates.read_batch(base)
