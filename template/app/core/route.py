"""Which route a request went to, as its template."""

from collections.abc import Mapping
from typing import Any

UNMATCHED = "unmatched"


def route_template(scope: Mapping[str, Any]) -> str:
    """Return e.g. `/api/v1/items/{item_id}`, or `unmatched`.

    FastAPI keeps the whole template beside the route, whose own path lacks the router's prefix.
    """
    context = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    return getattr(context, "path_format", UNMATCHED)
