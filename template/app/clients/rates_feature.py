"""The feature `rates`: the client of the source of exchange rates."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from pydantic import HttpUrl

from app.clients.rates import RatesClient
from app.core.feature import Feature
from app.core.settings import EnvSettings
from app.core.state import FastAPI


class RatesSettings(EnvSettings):
    """Where the rates come from."""

    # The currency is added as `base`.
    rates_url: HttpUrl | None = None


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    url = RatesSettings.load().rates_url
    app.state.rates = RatesClient(app.state.http, url) if url else None
    yield


rates = Feature(name="rates", after=("http_client",), lifespan=_lifespan)
