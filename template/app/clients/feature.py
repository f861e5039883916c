"""The feature `http_client`: one pool for the lifetime of the app, and the clients that use it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app.clients.http import open_http_client
from app.clients.settings import HttpClientSettings
from app.clients.trace_context import TraceContextMiddleware
from app.core.feature import Feature


def _setup(app: FastAPI) -> None:
    app.state.http_client_settings = HttpClientSettings.load()
    app.add_middleware(TraceContextMiddleware)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    settings: HttpClientSettings = app.state.http_client_settings
    async with open_http_client(settings) as http:
        app.state.http = http
        yield


http_client = Feature(name="http_client", setup=_setup, lifespan=_lifespan)
