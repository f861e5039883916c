"""Components of the OpenAPI document in the form that client generators read."""

import re
from collections.abc import Iterable
from typing import Any

SCHEMAS = "#/components/schemas/"


def tidy(document: dict[str, Any]) -> dict[str, Any]:
    """Give schemas plain names, and arrays and maps the keywords that generators know."""
    schemas = document["components"]["schemas"]
    names = readable_names(schemas)
    for old, new in names.items():
        if old != new:
            schemas[old]["title"] = new
    document = _rewrite(
        document, {f"{SCHEMAS}{old}": f"{SCHEMAS}{new}" for old, new in names.items()}
    )
    schemas = document["components"]["schemas"]
    document["components"]["schemas"] = {names[old]: schema for old, schema in schemas.items()}
    return document


def readable_names(names: Iterable[str]) -> dict[str, str]:
    """Map each name to one of letters and digits alone; those that are so already stay."""
    found: dict[str, str] = {}
    for name in sorted(names, key=lambda name: (name != readable_name(name), name)):
        wanted, count = readable_name(name), 1
        while wanted in found.values():
            count += 1
            wanted = f"{readable_name(name)}{count}"
        found[name] = wanted
    return found


def readable_name(name: str) -> str:
    """Turn `Page_ItemRead_` into `PageItemRead`, and FastAPI's `Body_login` into `LoginBody`."""
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
    """Say with `items` and `additionalProperties` what few generators read otherwise."""
    members, patterns = schema.get("prefixItems"), schema.get("patternProperties")
    if isinstance(members, list) and "items" not in schema:
        kinds = [kind for place, kind in enumerate(members) if kind not in members[:place]]
        schema["items"] = kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}
    if schema.get("type") == "object" and isinstance(patterns, dict) and len(patterns) == 1:
        [(pattern, values)] = schema.pop("patternProperties").items()
        schema |= {"additionalProperties": values, "propertyNames": {"pattern": pattern}}
    return schema
