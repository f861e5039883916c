"""Every operation of the API, so that a new route is tested by itself."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts


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


def operations(app: FastAPI) -> Iterator[Operation]:
    """List what the OpenAPI document should tell, from the routes themselves."""
    documents = app.openapi()["paths"]
    for context in iter_route_contexts(app.routes):
        if getattr(context, "include_in_schema", False):
            for method in sorted(context.methods or ()):
                path = str(getattr(context, "path_format", context.path))
                yield Operation(str(context.name), method, path, documents[path][method.lower()])
