"""Which methods a path has: the `Allow` header of a 405 (RFC 9110 §10.2.1)."""

from fastapi import Request
from fastapi.routing import iter_route_contexts

from app.core.route import path_below_root


def allowed_methods(request: Request) -> list[str]:
    """Collect the methods of every route on this path; each alone knows only its own.

    What has a GET has a HEAD. A folder of files, which names no methods, has both.
    """
    path = path_below_root(request.scope)
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.methods and context.path_regex.match(path):
            methods |= context.methods
    return sorted(methods | {"GET", "HEAD"} if "GET" in methods or not methods else methods)
