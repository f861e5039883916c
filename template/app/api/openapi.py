"""The OpenAPI document, with every problem that an operation can answer."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts

from app.api.errors import MEDIA_TYPE, Problem
from app.api.openapi_components import tidy
from app.api.openapi_headers import RATE_LIMIT, describe_headers, headers
from app.core.exceptions import (
    AppError,
    DependencyUnavailableError,
    NotAuthenticatedError,
    PermissionDeniedError,
    TooManyRequestsError,
)

TAGS = [
    {"name": "Auth", "description": "Registering, logging in and out, passwords"},
    {"name": "Users", "description": "Your own account, and everybody's for superusers"},
    {"name": "Items", "description": "What is for sale, and how much of it there is"},
    {"name": "Orders", "description": "Taking items out of stock"},
    {"name": "Jobs", "description": "Work that takes longer than a request"},
    {"name": "Files", "description": "Uploading, and downloading what you have uploaded"},
    {"name": "Rates", "description": "What currencies cost, as others say"},
    {"name": "Health", "description": "For balancers and people on call"},
]
PROBLEM = {"$ref": "#/components/schemas/Problem"}
# What any operation may answer, beside what it declares itself.
BAD_REQUEST = "The request is malformed"
TOO_LARGE = "The body is larger than `REQUEST_MAX_BYTES`"
UNREADABLE = "The body is compressed, or of a type that is not read here"
INVALID = "The input breaks a rule: `validation_error`"

# Each version of the API has a document; what is below none, such as /health, is in the first.
FIRST = re.compile(r"(?!/api/v(?!1/))")

URL = "/api/v1/openapi.json"

Responses = dict[int | str, dict[str, Any]]
Refusals = Callable[[str], list[type[AppError]]]
# Which headers a feature adds to the successes of a path.
HeadersOf = Callable[[str], Iterable[str]]


def problems(*errors: type[AppError]) -> Responses:
    """Document the errors an operation raises: `responses=problems(ItemNotFoundError)`."""
    by_status: defaultdict[int, list[type[AppError]]] = defaultdict(list)
    for error in errors:
        by_status[error.status].append(error)
    return {status: _response(group) for status, group in by_status.items()}


def _response(errors: list[type[AppError]]) -> dict[str, Any]:
    text = "; ".join(f"`{error.code}`: {error.detail}" for error in errors)
    names = {name for error in errors for name in error.headers}
    if any(issubclass(error, TooManyRequestsError) for error in errors):
        names.update(RATE_LIMIT, ["Retry-After"])
    return _plain(text) | headers(*sorted(names))


def _plain(description: str) -> dict[str, Any]:
    return {"description": description, "content": {MEDIA_TYPE: {"schema": PROBLEM}}}


def add_openapi(app: FastAPI) -> None:
    """Make `app.openapi()` answer our document, built once, and serve it."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = build(app)
        return app.openapi_schema

    app.openapi = openapi
    app.get(URL, include_in_schema=False)(show)


async def show(request: Request) -> JSONResponse:
    """Answer with the document."""
    return JSONResponse(place(request.app.openapi(), request))


def place(document: dict[str, Any], request: Request) -> dict[str, Any]:
    """Name the server in a document: the path that the proxies before it take away.

    The URLs of OAuth2 get it too, since tools do not read them as relative to the server.
    """
    root = quote(request.scope["root_path"])
    components = deepcopy(document["components"])
    for scheme in components.get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            flow |= {name: root + flow[name] for name in ("tokenUrl", "refreshUrl") if name in flow}
    return {**document, "servers": [{"url": root or "/"}], "components": components}


def build(app: FastAPI, paths: re.Pattern[str] = FIRST) -> dict[str, Any]:
    """Take FastAPI's document of some paths and add what it cannot know."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        contact=app.contact,
        license_info=app.license_info,
        servers=[{"url": "/"}],
        routes=[c for c in iter_route_contexts(app.routes) if paths.match(str(c.path))],
    )
    _replace_errors(document.setdefault("components", {}).setdefault("schemas", {}))
    used = set()
    refusals: Refusals = getattr(app.state, "refusals", refuse_nothing)
    added: list[HeadersOf] = getattr(app.state, "documented_headers", [])
    for path, operations in document["paths"].items():
        for operation in operations.values():
            used.update(operation.get("tags", ()))
            _complete(operation, problems(*refusals(path)))
            _add_headers(operation, [name for find in added for name in find(path)])
    describe_headers(document)
    document["tags"] = [tag for tag in TAGS if tag["name"] in used]
    return tidy(document)


def _replace_errors(schemas: dict[str, Any]) -> None:
    """Put ours in the place of FastAPI's."""
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def refuse_nothing(_: str) -> list[type[AppError]]:
    """What features answer before any operation does, by path: nothing, unless one says so."""
    return []


def _complete(operation: dict[str, Any], refusals: Responses) -> None:
    """Add the answers that follow from what the operation is, where it has not its own."""
    responses = operation["responses"]
    general: dict[str, dict[str, Any]] = {"500": _response([AppError])}
    general |= {str(status): response for status, response in refusals.items()}
    general["400"] = _plain(BAD_REQUEST)
    general["503"] = _response([DependencyUnavailableError])
    if "422" in responses:
        invalid = responses.pop("422")
        declared = invalid if MEDIA_TYPE in invalid.get("content", {}) else None
        general["422"] = declared or _plain(INVALID)
    if "requestBody" in operation:
        general["413"] = _plain(TOO_LARGE)
        general["415"] = _plain(UNREADABLE)
    if operation.get("security"):
        general["401"] = _response([NotAuthenticatedError])
        general["403"] = _response([PermissionDeniedError])
    operation["responses"] = dict(sorted((general | responses).items()))
    operation.setdefault("security", [])  # for everybody: not forgotten, but meant


def _add_headers(operation: dict[str, Any], names: list[str]) -> None:
    for status, response in operation["responses"].items():
        if names and status < "400":
            response.setdefault("headers", {}).update(headers(*names)["headers"])
