"""Who may call each operation, for the OpenAPI document: what the guards of its route say."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext

from app.api.auth import (
    RequirePermission,
    get_caller,
    require_nothing,
    require_owner,
    require_superuser,
)
from app.core.routing import is_probe_or_metrics

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
    app.state.document_access = partial(_document, by_permission=by_permission)


def _document(
    document: dict[str, Any], routes: Iterable[RouteContext], *, by_permission: bool
) -> None:
    for route in routes:
        dependant = getattr(route, "dependant", None)
        path = getattr(route, "path_format", "")
        operations = document["paths"].get(path, {})
        access = _access(dependant, by_permission=by_permission) if dependant else None
        if operations and is_probe_or_metrics(path):  # a guard would cost a sixth of a probe
            access = access or ACCESS_NAMES[require_nothing]
        for method in (route.methods or ()) if access else ():
            operations[method.lower()][FIELD] = access


def _access(dependant: Dependant, *, by_permission: bool) -> str | None:
    calls = list(dependency_calls(dependant))
    for call in calls:
        if isinstance(call, RequirePermission):
            return str(call.permission) if by_permission else SUPERUSER
    return next((name for guard, name in ACCESS_NAMES.items() if guard in calls), None)


def dependency_calls(dependant: Dependant) -> Iterator[Any]:
    """Yield all dependencies of a route."""
    for dependency in dependant.dependencies:
        yield dependency.call
        yield from dependency_calls(dependency)
