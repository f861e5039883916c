"""A route that calls another service, for the tests."""

from typing import Any

from fastapi import Request
from pydantic import RootModel

CALL = "/call"


class Found(RootModel[dict[str, Any]]):
    """Any object."""


async def call(request: Request) -> Found:
    """Return what the other service answers."""
    state = request.app.state
    return (await state.http.request("GET", state.called_url)).parse(Found)
