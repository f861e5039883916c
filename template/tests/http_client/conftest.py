"""Fixtures of the tests of the HTTP client."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from httpx2 import AsyncClient

from tests.clients import connect
from tests.conftest import MakeApp
from tests.http_client.routes import CALL, make_call
from tests.http_client.upstream import Upstream

MakeCaller = Callable[..., Awaitable[AsyncClient]]


@pytest.fixture
async def make_caller(make_app: MakeApp, upstream: Upstream) -> AsyncGenerator[MakeCaller]:
    """Make an app with a route that calls another service, `upstream` unless its URL is given."""
    async with AsyncExitStack() as stack:

        async def make(url: str = upstream.url, **settings: str) -> AsyncClient:
            app = await make_app(**settings)
            app.add_api_route(CALL, make_call(url))
            return await stack.enter_async_context(connect(app))

        yield make


@pytest.fixture
async def caller(make_caller: MakeCaller) -> AsyncClient:
    """A client of that app, with the default settings."""
    return await make_caller()
