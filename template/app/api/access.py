"""Who may call each operation, for the OpenAPI document: what the guards of its route say."""

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext

from app.api.auth import (
    RequirePermission,
    get_caller,
    require_nothing,
    require_owner,
    require_superuser,
)
from app.core.http import is_probe_or_metrics
from app.core.state import FastAPI

FIELD = "x-permission"
SUPERUSER = "superuser"
# The strictest first: a route has guards inside of guards.
ACCESS_NAMES: dict[Callable[..., Any], str] = {
    require_superuser: SUPERUSER,
    require_owner: "owner",
    get_caller: "user",
    require_nothing: "anybody",
}


def document_access(app: FastAPI, *, by_permission: bool = False) -> None:
    """Write into the document who may call what. Without roles only superusers hold permissions."""
    app.state.document_access = [partial(_document, by_permission=by_permission)]


def _document(
    document: dict[str, Any], routes: Iterable[RouteContext], *, by_permission: bool
) -> None:
    for path, operation, guards in operations(document, routes):
        access = _access(guards, by_permission=by_permission)
        if access is None and is_probe_or_metrics(path):  # a guard would cost a sixth of a probe
            access = ACCESS_NAMES[require_nothing]
        if access:
            operation[FIELD] = access


def _access(guards: Collection[Any], *, by_permission: bool) -> str | None:
    for guard in guards:
        if isinstance(guard, RequirePermission):
            return str(guard.permission) if by_permission else SUPERUSER
    return next((name for guard, name in ACCESS_NAMES.items() if guard in guards), None)


def operations(
    document: dict[str, Any], routes: Iterable[RouteContext]
) -> Iterator[tuple[str, dict[str, Any], Collection[Any]]]:
    """Yield the path of each operation, what the document says of it, and its dependencies."""
    for route in routes:
        path = getattr(route, "path_format", "")
        if found := document["paths"].get(path):
            calls = list(dependency_calls(route.dependant))
            yield from ((path, found[method.lower()], calls) for method in route.methods or ())


def dependency_calls(dependant: Dependant) -> Iterator[Any]:
    """Yield all dependencies of a route."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependency_calls(dependency)
