"""The OpenAPI document: FastAPI's, with every error and header, in a form generators can read."""

import re
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache, partial
from typing import Any
from urllib.parse import quote

from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts

from app.api.resources import RESOURCES
from app.api.responses import (
    Responses,
    error_response,
    header_components,
    headers,
    problem_content,
    problems,
)
from app.core.exceptions import (
    AppError,
    DependencyUnavailableError,
    NotAuthenticatedError,
    PermissionDeniedError,
)
from app.core.problem import MEDIA_TYPE, Problem
from app.core.state import FastAPI, Request

# Tags without an operation are left out.
TAGS = [
    {"name": "Auth", "description": "Register, log in and out, passwords"},
    {"name": "Users", "description": "Your own account; all accounts for those who manage them"},
    {"name": "Roles", "description": "Roles, and the permissions that they grant"},
    {"name": "Jobs", "description": "Background jobs"},
    {"name": "Files", "description": "Upload and download files"},
    {"name": "Health", "description": "Health checks"},
]
# Each version of the API has a document; paths without a version are in the first.
FIRST = re.compile(r"(?!/api/v(?!1/)\d+/)")
URL = "/api/v1/openapi.json"
SCHEMAS = "#/components/schemas/"

Document = dict[str, Any]


def add_openapi(app: FastAPI) -> None:
    """Replace FastAPI's document by ours, built once, and serve it."""
    app.openapi = cache(partial(build, app))
    add_document(app, URL, lambda app: app.openapi())


def add_document(app: FastAPI, url: str, document_of: Callable[[FastAPI], Document]) -> None:
    """Serve a document. FastAPI caches endpoints for ever, so they must not refer to an app."""

    async def show(request: Request) -> JSONResponse:
        root_path = quote(request.scope["root_path"])
        return JSONResponse(with_server(document_of(request.app), root_path))

    app.get(url, include_in_schema=False)(show)


def with_server(document: Document, root_path: str) -> Document:
    """Put the prefix that a proxy strips into `servers` and the OAuth2 URLs.

    Tools do not resolve the latter against the server.
    """
    components = deepcopy(document["components"])
    for scheme in components.get("securitySchemes", {}).values():
        for flow in scheme.get("flows", {}).values():
            urls = [name for name in ("tokenUrl", "refreshUrl") if name in flow]
            flow |= {name: root_path + flow[name] for name in urls}
    return {**document, "servers": [{"url": root_path or "/"}], "components": components}


def build(app: FastAPI, paths: re.Pattern[str] = FIRST) -> Document:
    """Build the document of the paths that match."""
    document = _framework_document(app, paths)
    state = app.state
    used = set()
    for path, operations in document["paths"].items():
        errors = [error for find in state.documented_errors for error in find(path)]
        added = [name for find in state.documented_headers for name in find(path)]
        for operation in operations.values():
            used.update(operation.get("tags", ()))
            _add_errors(operation, problems(*errors))
            _add_headers(operation, added)
    document["tags"] = [tag for tag in all_tags(app) if tag["name"] in used]
    components = document.setdefault("components", {})
    components["headers"] = header_components(document)
    _replace_error_schemas(components.setdefault("schemas", {}))
    return _with_plain_names(document)


def _framework_document(app: FastAPI, paths: re.Pattern[str]) -> Document:
    routes = [c for c in iter_route_contexts(app.routes) if paths.match(str(c.path))]
    names = ("title", "version", "description", "contact", "license_info")
    about: dict[str, Any] = {name: getattr(app, name) for name in names}
    document = get_openapi(**about, servers=[{"url": "/"}], routes=routes)
    for add in app.state.document_access:
        add(document, routes)
    return document


def all_tags(app: FastAPI) -> list[dict[str, Any]]:
    """Return the tags of the service's own operations, and those of its resources."""
    found = [{"name": tag, "description": text} for tag, (_, text) in RESOURCES.items()]
    found += app.openapi_tags or []
    return [*TAGS[:2], *found, *TAGS[2:]]


def _add_errors(operation: dict[str, Any], added: Responses) -> None:
    """Add the errors that follow from what the operation is, unless it declares its own."""
    responses = operation["responses"]
    general = {"500": error_response(AppError)}
    general |= {str(status): response for status, response in added.items()}
    general["400"] = problem_content("The request is malformed")
    general["503"] = error_response(DependencyUnavailableError)
    if "422" in responses and MEDIA_TYPE not in responses["422"].get("content", {}):
        responses["422"] = problem_content("The input is invalid: `validation_error`")
    if "requestBody" in operation:
        general["413"] = problem_content("The body is larger than `REQUEST_MAX_BYTES`")
        general["415"] = problem_content("The body is compressed, or of a type that is not read")
    if operation.setdefault("security", []):  # empty: it needs no login
        general["401"] = error_response(NotAuthenticatedError)
        general["403"] = error_response(PermissionDeniedError)
    operation["responses"] = dict(sorted((general | responses).items()))


def _add_headers(operation: dict[str, Any], names: list[str]) -> None:
    for status, response in operation["responses"].items():
        if names and status < "400":
            response.setdefault("headers", {}).update(headers(*names)["headers"])


def _replace_error_schemas(schemas: dict[str, Any]) -> None:
    problem = Problem.model_json_schema(ref_template=SCHEMAS + "{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _with_plain_names(document: Document) -> Document:
    """Rename the schemas, and use only the keywords that client generators know."""
    names = plain_names(document["components"]["schemas"])
    document = _rewrite(document, {SCHEMAS + old: SCHEMAS + new for old, new in names.items()})
    schemas = document["components"]["schemas"]
    for old, new in names.items():
        if old != new:
            schemas[old]["title"] = new
    document["components"]["schemas"] = {names[old]: schema for old, schema in schemas.items()}
    return document


def plain_names(names: Iterable[str]) -> dict[str, str]:
    """Map each name to one of letters and digits alone; names that are so already stay."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name != _plain_name(name), name)):
        wanted, count = _plain_name(name), 1
        while wanted in found.values():
            count += 1
            wanted = f"{_plain_name(name)}{count}"
        found[name] = wanted
    return found


def _plain_name(name: str) -> str:
    """Turn `Page_UserRead_` into `PageUserRead`, and FastAPI's `Body_login` into `LoginBody`."""
    words = re.findall("[A-Za-z0-9]+", name)
    if name.startswith("Body_"):
        words = [*words[1:], "Body"]
    return "".join(word[0].upper() + word[1:] for word in words) or "Schema"


def _rewrite(part: Any, references: dict[str, str]) -> Any:
    if isinstance(part, list):
        return [_rewrite(value, references) for value in part]
    if isinstance(part, dict):
        return _plain_keywords({key: _rewrite(value, references) for key, value in part.items()})
    return references.get(part, part) if isinstance(part, str) else part


def _plain_keywords(schema: dict[str, Any]) -> dict[str, Any]:
    """Describe tuples by `items`, and maps by `additionalProperties`."""
    members, patterns = schema.get("prefixItems"), schema.get("patternProperties")
    if isinstance(members, list) and "items" not in schema:
        kinds = [kind for place, kind in enumerate(members) if kind not in members[:place]]
        schema["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
    if schema.get("type") == "object" and isinstance(patterns, dict) and len(patterns) == 1:
        [(pattern, values)] = schema.pop("patternProperties").items()
        schema |= {"additionalProperties": values, "propertyNames": {"pattern": pattern}}
    return schema
