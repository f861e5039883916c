"""app/api/resources.py lists the resources: a module that is not included has no routes."""

from importlib import import_module
from pkgutil import iter_modules

from fastapi import APIRouter, FastAPI
from fastapi.routing import iter_route_contexts

from app.api.resources import RESOURCES
from app.api.v1 import endpoints


def test_every_module_of_endpoints_is_included(app: FastAPI) -> None:
    included = {getattr(context, "endpoint", None) for context in iter_route_contexts(app.routes)}

    for found in iter_modules(endpoints.__path__):
        module = import_module(f"{endpoints.__name__}.{found.name}")
        routers = [value for value in vars(module).values() if isinstance(value, APIRouter)]
        own = {getattr(route, "endpoint", None) for router in routers for route in router.routes}
        assert own <= included, f"list {module.__name__} in app/api/resources.py"


def test_every_resource_has_its_tag(app: FastAPI) -> None:
    tags = {tag["name"]: tag["description"] for tag in app.openapi()["tags"]}

    assert {tag: text for tag, (_, text) in RESOURCES.items()}.items() <= tags.items()
