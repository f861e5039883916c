"""A route that calls another service, for the tests."""

from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import RootModel

from app.core.state import Request

CALL = "/call"


class Found(RootModel[dict[str, Any]]):
    """Any object."""


def make_call(url: str) -> Callable[[Request], Awaitable[Found]]:
    """Make an endpoint that returns what the service at `url` answers."""

    async def call(request: Request) -> Found:
        return (await request.app.state.http.request("GET", url)).parse(Found)

    return call
