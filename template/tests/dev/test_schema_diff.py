"""What breaks clients in a schema: maps, lists, bounds, and a schema that contains itself."""

from typing import Any

import pytest

from dev.schema_diff import SchemaComparison

NODE = {"$ref": "#/components/schemas/Node"}
ANYTHING, NUMBERS = (
    {"type": "object"},
    {"type": "object", "additionalProperties": {"type": "number"}},
)
CLOSED = {"type": "object", "additionalProperties": False}
LIST, WORDS = {"type": "array"}, {"type": "array", "items": {"type": "string"}}


def found(old: Any, new: Any, *, request: bool) -> list[str]:
    """Compare two schemas, in documents of which each has one as `Node`."""
    documents = [{"components": {"schemas": {"Node": schema}}} for schema in (old, new)]
    return list(SchemaComparison(*documents).compare(NODE, NODE, "body", request))


@pytest.mark.parametrize("request_", [True, False])
@pytest.mark.parametrize(
    "itself",
    [
        {"anyOf": [NODE, {"type": "null"}]},
        {"type": "array", "items": {"allOf": [NODE]}},
        {"type": "object", "additionalProperties": {"oneOf": [NODE, {"type": "null"}]}},
    ],
)
def test_a_schema_that_contains_itself_is_compared_once(itself: Any, request_: bool) -> None:
    old = {"type": "object", "properties": {"parent": itself, "name": {"type": "string"}}}
    new = {"type": "object", "properties": {"parent": itself}}

    assert found(old, old, request=request_) == []
    assert found(old, new, request=request_) == ["body: field name is gone"]


@pytest.mark.parametrize(
    ("wide", "narrow", "suffix", "type"),
    [
        (ANYTHING, NUMBERS, "{}", "any"),
        (ANYTHING | {"additionalProperties": True}, NUMBERS, "{}", "any"),
        (ANYTHING, CLOSED, "{}", "any"),
        (NUMBERS, CLOSED, "{}", "number"),
        (LIST, WORDS, "[]", "any"),
    ],
)
def test_other_fields_and_items_are_anything_if_nothing_is_said(
    wide: Any, narrow: Any, suffix: str, type: str
) -> None:
    assert found(wide, narrow, request=True) == [f"body{suffix}: {type} is no longer accepted"]
    assert found(narrow, wide, request=True) == []
    assert found(narrow, wide, request=False) == [f"body{suffix}: may be {type} now"]
    assert found(wide, narrow, request=False) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ({}, {"multipleOf": 5}, ["body: multipleOf was none, is 5"]),
        ({"multipleOf": 5}, {"multipleOf": 10}, ["body: multipleOf was 5, is 10"]),
        ({"multipleOf": 0.1}, {"multipleOf": 0.01}, []),
        ({"multipleOf": 5}, {}, []),
        ({}, {"uniqueItems": True}, ["body: uniqueItems was none, is True"]),
        ({"uniqueItems": True}, {"uniqueItems": False}, []),
    ],
)
def test_bounds_of_requests_may_only_widen(old: Any, new: Any, expected: list[str]) -> None:
    assert found(old, new, request=True) == expected
    assert found(old, new, request=False) == []
