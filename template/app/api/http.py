"""HTTP headers that several endpoints share."""

from urllib.parse import quote

from fastapi import Request, Response
from fastapi.routing import iter_route_contexts

from app.core.routing import path_below_root


async def no_store(response: Response) -> None:
    """Keep a response with personal data out of every cache (RFC 9111 §5.2.2.5)."""
    response.headers["Cache-Control"] = "no-store"


def location(request: Request, path: str) -> str:
    """Return the value of `Location`, with the prefix that a proxy strips."""
    return f"{quote(request.scope.get('root_path', ''))}{path}"


def cache_headers(hit: bool | None) -> dict[str, str]:
    """Return `X-Cache`; nothing if there is no cache."""
    return {} if hit is None else {"X-Cache": "HIT" if hit else "MISS"}


def allowed_methods(request: Request) -> list[str]:
    """Return the methods of a path, for the `Allow` header of a 405 (RFC 9110 §10.2.1).

    Each route knows only its own. A path with GET also has HEAD. A folder of static files lists no
    methods, and has both.
    """
    path = path_below_root(request.scope)
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.methods and context.path_regex.match(path):
            methods |= context.methods
    return sorted(methods | {"GET", "HEAD"} if "GET" in methods or not methods else methods)
