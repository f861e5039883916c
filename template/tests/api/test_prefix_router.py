"""Routers whose routes are compared only with paths that contain the prefix."""

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Scope

from app.api.deps import PrefixRouter
from tests.clients import connect

PREFIXES = ("/books", "/shelves/{shelf}/places", "")
COMPARED: set[str] = set()


class RecordedRoute(APIRoute):
    """Records that it was compared with a path."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        COMPARED.add(self.path)
        return super().matches(scope)


async def read_first() -> None:
    """Answer."""


def make_app() -> FastAPI:
    app = FastAPI()
    for prefix in PREFIXES:
        router = PrefixRouter(prefix=prefix, route_class=RecordedRoute)
        router.get("/first")(read_first)
        app.include_router(router, prefix="/api")
    return app


@pytest.mark.parametrize(
    ("path", "status", "compared"),
    [
        ("/api/books/first", 200, {"/books/first"}),
        ("/api/shelves/3/places/first", 200, {"/shelves/{shelf}/places/first"}),
        ("/api/first", 200, {"/first"}),
        ("/api/books/last", 404, {"/books/first", "/first"}),
        ("/api/last", 404, {"/first"}),
    ],
)
async def test_routes_are_compared_only_with_paths_that_contain_the_prefix(
    path: str, status: int, compared: set[str]
) -> None:
    COMPARED.clear()
    async with connect(make_app()) as client:
        response = await client.get(path)

    assert response.status_code == status
    assert compared == COMPARED
