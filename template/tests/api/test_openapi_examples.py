"""The document's examples are values that the service could send, not "string" and 0."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from app.api.openapi import build
from app.core.state import FastAPI
from tests.routes import operations, versions

# Tools make good values of these by themselves.
MADE_UP = {"uuid", "date", "date-time", "binary"}


def alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """What a value may be, besides null."""
    return [kind for kind in schema.get("anyOf", [schema]) if kind.get("type") != "null"]


def has_example(schema: dict[str, Any]) -> bool:
    """Whether the schema itself shows what a value looks like."""
    if {"examples", "enum", "const", "$ref"} & schema.keys() or schema.get("default") is not None:
        return True
    if "anyOf" in schema:
        return all(has_example(kind) for kind in alternatives(schema))
    inner = schema.get("items", schema.get("additionalProperties"))
    return (
        schema.get("format") in MADE_UP
        or schema.get("type") in {"boolean", "null"}
        or (isinstance(inner, dict) and has_example(inner))
    )


def values(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each property and parameter with its schema."""
    for version in versions(app):
        for name, schema in build(app, version)["components"]["schemas"].items():
            for key, value in schema.get("properties", {}).items():
                yield f"{name}.{key}", value
    for operation in operations(app):
        for parameter in operation.document.get("parameters", ()):
            yield f"{operation.id}: {parameter['name']}", parameter["schema"]


def test_every_value_has_an_example(app: FastAPI) -> None:
    without = [name for name, schema in values(app) if not has_example(schema)]

    assert without == [], "give these examples: Annotated[..., Field(examples=[...])]"


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "string"}, False),
        ({"type": "array", "items": {"type": "integer"}}, False),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, False),
        ({"type": "string", "format": "uuid"}, True),
        ({"type": "object", "additionalProperties": {"type": "string", "examples": ["a"]}}, True),
    ],
)
def test_a_value_without_example_is_found(schema: dict[str, Any], expected: bool) -> None:
    assert has_example(schema) is expected


def test_examples_are_of_the_type_that_they_stand_for(app: FastAPI) -> None:
    types = {"string": str, "integer": int, "number": float, "array": list, "object": dict}

    for name, schema in values(app):
        kinds = [kind for kind in alternatives(schema) if "type" in kind]
        expected = tuple(types[kind["type"]] for kind in kinds if kind["type"] in types)
        for example in schema.get("examples", ()):
            assert isinstance(example, expected), name
            if isinstance(example, str):
                assert all(re.search(kind.get("pattern", ""), example) for kind in kinds), name
                assert all(len(example) <= kind.get("maxLength", 9999) for kind in kinds), name
