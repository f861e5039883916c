"""Parts of HTTP that features share: routes, downloads and conditional requests."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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


def attachment(filename: str) -> str:
    """Return the Content-Disposition of a download (RFC 6266, RFC 8187)."""
    plain = re.sub(r"[^A-Za-z0-9 ._()-]", "_", filename)
    exact = "" if plain == filename else f"; filename*=UTF-8''{quote(filename, safe='')}"
    return f'attachment; filename="{plain}"{exact}'


def etag(version: int | str) -> str:
    """Return the strong entity tag of a version."""
    return f'"{version}"'


def precondition_holds(if_match: str | None, version: int) -> bool:
    """Whether `If-Match`, if it was sent, names this version. Weak tags never match."""
    return if_match is None or _names(if_match, etag(version))


def not_modified(if_none_match: str | None, version: int | str) -> bool:
    """Whether `If-None-Match` names this version. Weak tags match (RFC 9110 §13.1.2)."""
    return if_none_match is not None and _names(if_none_match.replace("W/", ""), etag(version))


def _names(header: str, tag: str) -> bool:
    tags = [part.strip() for part in header.split(",")]
    return tag in tags or tags == ["*"]
