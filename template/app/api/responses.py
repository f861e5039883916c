"""Headers of responses, and what endpoints declare of errors and headers in the document."""

from collections import defaultdict
from typing import Any
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.routing import iter_route_contexts

from app.core.exceptions import AppError, TooManyRequestsError
from app.core.http import path_below_root
from app.core.problem import MEDIA_TYPE

PROBLEM = {"$ref": "#/components/schemas/Problem"}
HEADER_REFERENCE = "#/components/headers/"
RATE_LIMIT_HEADERS = ("RateLimit", "RateLimit-Policy")
# Each with its description and an example.
HEADERS = {
    "Accept-Ranges": ("`Range` may ask for a part of the file", "bytes"),
    "Content-Disposition": ("The name of the file (RFC 6266)", 'attachment; filename="report.csv"'),
    "Content-Range": ("Which bytes these are, of how many", "bytes 0-99/1234"),
    "Deprecation": ("Since when this version is deprecated (RFC 9745)", "@1767225600"),
    "ETag": ("The version, for `If-None-Match` and `If-Match` (RFC 9110 §8.8.3)", '"3"'),
    "Link": ("The same in the next version", '</api/v2/books>; rel="successor-version"'),
    "Location": ("The URL of the resource", "/api/v1/books/0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a60"),
    "RateLimit": ("Remaining requests, and seconds until the reset", '"default";r=299;t=60'),
    "RateLimit-Policy": ("Allowed requests, and the window in seconds", '"default";q=300;w=60'),
    "Retry-After": ("Seconds to wait (RFC 9110 §10.2.3)", "5"),
    "WWW-Authenticate": ("How to authenticate (RFC 6750 §3)", 'Bearer error="invalid_token"'),
}

Responses = dict[int | str, dict[str, Any]]


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


def problems(*errors: type[AppError]) -> Responses:
    """Document the errors of an operation: `responses=problems(BookNotFoundError)`."""
    by_status: defaultdict[int, list[type[AppError]]] = defaultdict(list)
    for error in errors:
        by_status[error.status].append(error)
    return {status: error_response(*group) for status, group in by_status.items()}


def error_response(*errors: type[AppError]) -> dict[str, Any]:
    """Document the status that these errors share."""
    names = {name for error in errors for name in error.headers}
    if any(issubclass(error, TooManyRequestsError) for error in errors):
        names.update(RATE_LIMIT_HEADERS, ["Retry-After"])
    text = "; ".join(f"`{error.code}`: {error.detail}" for error in errors)
    return problem_content(text) | headers(*sorted(names))


def problem_content(description: str) -> dict[str, Any]:
    """Document a status whose body is a problem."""
    return {"description": description, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}


def headers(*names: str) -> dict[str, Any]:
    """Document the headers of a response: `responses={201: headers("Location")}`."""
    return {"headers": {name: {"$ref": HEADER_REFERENCE + name} for name in names}} if names else {}


def header_components(document: dict[str, Any]) -> dict[str, Any]:
    """Describe the headers that a document refers to."""
    used = {
        name
        for operations in document["paths"].values()
        for operation in operations.values()
        for response in operation["responses"].values()
        for name in response.get("headers", ())
    }
    return {
        name: {"description": text, "schema": {"type": "string", "examples": [example]}}
        for name, (text, example) in HEADERS.items()
        if name in used
    }
