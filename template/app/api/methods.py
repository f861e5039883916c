"""Which methods a path has: the `Allow` header of a 405 (RFC 9110 §10.2.1)."""

from fastapi import Request
from fastapi.routing import iter_route_contexts


def allowed_methods(request: Request) -> list[str]:
    """Collect the methods of every route on this path; each alone knows only its own."""
    methods: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        if context.methods and context.path_regex.match(request.scope["path"]):
            methods |= context.methods
    return sorted(methods)
