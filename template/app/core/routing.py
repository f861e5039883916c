"""The route of a request, as its template."""

import re
from collections.abc import Mapping
from typing import Any

UNMATCHED = "unmatched"

# Polled by balancers and scrapers.
PROBE_OR_METRICS = re.compile(r"/health(/.*)?|/metrics")


def is_probe_or_metrics(path: str) -> bool:
    """Whether a path is a health check's or the metrics'."""
    return PROBE_OR_METRICS.fullmatch(path) is not None


def path_below_root(scope: Mapping[str, Any]) -> str:
    """Return the path as the routes know it, without the prefix that is `root_path`."""
    root, path = scope.get("root_path", ""), scope["path"]
    return path.removeprefix(root) if is_below(path, root) else path


def is_below(path: str, root: str) -> bool:
    """Whether a path is below a prefix: `/shop/books` is below `/shop`, `/shopping` is not."""
    return path == root or path.startswith(f"{root}/")


def route_template(scope: Mapping[str, Any]) -> str:
    """Return e.g. `/api/v1/books/{book_id}`, or `unmatched`.

    FastAPI keeps the whole template in the scope; the route's own path lacks the router's prefix.
    """
    context = scope.get("fastapi", {}).get("effective_route_context")
    found = getattr(context, "path_format", "")  # a WebSocket's is empty
    return found or getattr(scope.get("route"), "path_format", UNMATCHED)
