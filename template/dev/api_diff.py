"""Find the changes of an OpenAPI 3.1 document that break clients of the API."""

import re
from collections.abc import Iterator

from dev.schema_diff import Schema, SchemaComparison

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """Return a line for each change that breaks clients: of paths, operations, parameters, bodies.

    A request breaks if less is accepted or more is required, a response if less is promised.
    """
    lines: list[str] = []
    paths: dict[str, Schema] = {}
    for path, item in new.get("paths", {}).items():
        paths[_unnamed(path)] = paths.get(_unnamed(path), {}) | item
    for path, item in old.get("paths", {}).items():
        after = paths.get(_unnamed(path))
        if after is None:
            lines.append(f"{path}: path is gone")
            continue
        for method in METHODS:
            if method in item:
                found = _operation(old, new, item[method], after.get(method))
                lines += [f"{method.upper()} {path}: {line}" for line in found]
    return list(dict.fromkeys(lines))


def _unnamed(path: str) -> str:
    """Return a path without the names of its parameters, which clients do not send."""
    return re.sub(r"\{[^}]*\}", "{}", path)


def _operation(old: Schema, new: Schema, before: Schema, after: Schema | None) -> Iterator[str]:
    if after is None:
        yield "operation is gone"
        return
    schemas = SchemaComparison(old, new)
    yield from _parameters(before, after, schemas)
    yield from _request_body(before.get("requestBody"), after.get("requestBody"), schemas)
    responses = after.get("responses", {})
    for status, response in before.get("responses", {}).items():
        if status in responses:
            where = f"response {status}"
            yield from _content(response, responses[status], where, False, schemas)
        elif status < "400":
            yield f"response {status}: is gone"


def _parameters(old: Schema, new: Schema, schemas: SchemaComparison) -> Iterator[str]:
    before, after = _parameters_of(old), _parameters_of(new)
    for key, parameter in after.items():
        if parameter.get("required") and not before.get(key, {}).get("required"):
            yield f"{key}: is required now"
    for key, parameter in before.items():
        if key in after:
            both = parameter.get("schema", {}), after[key].get("schema", {})
            yield from schemas.compare(*both, key, request=True)
        else:
            yield f"{key}: is gone"


def _parameters_of(operation: Schema) -> dict[str, Schema]:
    """Return the parameters by place and name; those in the path by their number."""
    found, number = {}, 0
    for parameter in operation.get("parameters", ()):
        is_in_path = parameter["in"] == "path"
        number += is_in_path
        name = str(number) if is_in_path else parameter["name"]
        found[f"{parameter['in']} parameter {name}"] = parameter
    return found


def _request_body(
    old: Schema | None, new: Schema | None, schemas: SchemaComparison
) -> Iterator[str]:
    where = "request body"
    if new and new.get("required") and not (old and old.get("required")):
        yield f"{where}: is required now"
    if old and new:
        yield from _content(old, new, where, True, schemas)
    elif old:
        yield f"{where}: is gone"


def _content(
    old: Schema, new: Schema, where: str, request: bool, schemas: SchemaComparison
) -> Iterator[str]:
    after = new.get("content", {})
    for media_type, content in old.get("content", {}).items():
        if media_type in after:
            both = content.get("schema", {}), after[media_type].get("schema", {})
            yield from schemas.compare(*both, where, request)
        else:
            yield f"{where}: {media_type} is gone"
