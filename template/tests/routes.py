"""Every operation of the API, so that a new route is tested automatically."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

from fastapi.routing import iter_route_contexts

from app.api.openapi import FIRST, build
from app.core.state import FastAPI


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path, with its part of the OpenAPI document."""

    id: str
    method: str
    path: str
    document: Mapping[str, Any]

    def url(self, parameters: Mapping[str, object]) -> str:
        """Fill in the path; what is not given becomes an id that nothing has."""
        return re.sub(r"{(\w+)}", lambda found: str(parameters.get(found[1], uuid4())), self.path)

    @property
    def statuses(self) -> set[int]:
        """The statuses that the operation is documented to answer."""
        return {int(status) for status in self.document["responses"]}


def versions(app: FastAPI) -> list[re.Pattern[str]]:
    """Return the paths of each version's document."""
    prefixes = (re.match("/api/v[0-9]+/", str(c.path)) for c in iter_route_contexts(app.routes))
    others = {found[0] for found in prefixes if found and not FIRST.match(found[0])}
    return [FIRST, *map(re.compile, sorted(others))]


@cache
def operations(app: FastAPI) -> tuple[Operation, ...]:
    """List the operations from the routes, with their part of the document."""
    documents: dict[str, Any] = {}
    for version in versions(app):
        documents |= build(app, version)["paths"]
    return tuple(
        Operation(str(context.name), method, path, documents[path][method.lower()])
        for context in iter_route_contexts(app.routes)
        if getattr(context, "include_in_schema", False)
        for method in sorted(context.methods or ())
        for path in [str(getattr(context, "path_format", context.path))]
    )
