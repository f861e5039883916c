"""`just api-diff` finds what breaks clients, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from dev.api_diff import breaking_changes

TEAPOT = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 100},
        "price": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "state": {"enum": ["full", "empty"], "type": "string"},
        "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Teapot"}},
    },
    "required": ["name"],
}
BODY = {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Teapot"}}}}
SIZE = {"name": "size", "in": "query", "schema": {"type": "integer"}}
ID = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
DOCUMENT = {
    "paths": {
        "/teapots": {
            "get": {"parameters": [SIZE], "responses": {"200": BODY, "404": {}}},
            "post": {"requestBody": BODY, "responses": {"201": {}}},
        },
        "/teapots/{id}": {"delete": {"parameters": [ID], "responses": {"204": {}}}},
    },
    "components": {"schemas": {"Teapot": TEAPOT}},
}
GET, POST = "GET /teapots: response 200", "POST /teapots: request body"


@pytest.fixture
def new() -> Any:
    """The new document, to be changed."""
    return deepcopy(DOCUMENT)


@pytest.fixture
def teapot(new: Any) -> Any:
    return new["components"]["schemas"]["Teapot"]


def test_the_same_document_breaks_nothing(new: Any) -> None:
    assert breaking_changes(DOCUMENT, new) == []


def test_what_is_added_breaks_nothing(new: Any, teapot: Any) -> None:
    new["paths"]["/kettles"] = {"get": {"responses": {}}}
    new["paths"]["/teapots"]["get"]["parameters"].append(SIZE | {"name": "page"})
    new["paths"]["/teapots"]["get"]["responses"]["403"] = {}
    teapot["properties"]["colour"] = {"type": "string"}
    teapot["properties"]["state"]["enum"].append("broken")
    teapot["properties"]["name"]["maxLength"] = 200

    assert breaking_changes(DOCUMENT, new) == []


def test_what_is_gone_is_listed(new: Any, teapot: Any) -> None:
    del new["paths"]["/teapots/{id}"]
    new["paths"]["/teapots"]["get"]["parameters"] = []
    del new["paths"]["/teapots"]["post"]["responses"]["201"]
    del teapot["properties"]["price"]
    teapot["properties"]["state"]["enum"] = ["full"]

    assert breaking_changes(DOCUMENT, new) == [
        "GET /teapots: query parameter size: is gone",
        f"{GET}: field price is gone",
        f"{GET} state: value empty is gone",
        f"{POST}: field price is gone",
        f"{POST} state: value empty is gone",
        "POST /teapots: response 201: is gone",
        "/teapots/{id}: path is gone",
    ]


def test_an_operation_that_is_gone_is_listed(new: Any) -> None:
    del new["paths"]["/teapots"]["post"]

    assert breaking_changes(DOCUMENT, new) == ["POST /teapots: operation is gone"]


def test_what_is_required_now_is_listed(new: Any, teapot: Any) -> None:
    new["paths"]["/teapots"]["get"]["parameters"][0]["required"] = True
    new["paths"]["/teapots/{id}"]["delete"]["requestBody"] = BODY | {"required": True}
    teapot["properties"]["colour"] = {"type": "string"}
    teapot["required"] = ["name", "colour"]

    assert breaking_changes(DOCUMENT, new) == [
        "GET /teapots: query parameter size: is required now",
        f"{POST}: field colour is required now",
        "DELETE /teapots/{id}: request body: is required now",
    ]


def test_a_field_that_may_be_absent_breaks_who_reads_it(new: Any, teapot: Any) -> None:
    teapot["required"] = []

    assert breaking_changes(DOCUMENT, new) == [f"{GET}: field name may be absent now"]


@pytest.mark.parametrize(
    ("name", "schema", "expected"),
    [
        ("price", {"type": "number"}, [f"{POST} price: null is no longer accepted"]),
        ("name", {"type": ["string", "null"], "maxLength": 100}, [f"{GET} name: may be null now"]),
        ("name", {"type": "string"}, []),
        ("name", {}, [f"{GET} name: may be any now"]),
        (
            "name",
            {"type": "string", "maxLength": 50, "pattern": "^T"},
            [
                f"{POST} name: pattern was any, is ^T",
                f"{POST} name: maxLength was 100, is 50",
            ],
        ),
        (
            "name",
            {"type": "string", "maxLength": 100, "const": "Teapot"},
            [f"{POST} name: only some values are accepted now"],
        ),
        (
            "parts",
            {"type": "array", "items": {"type": "string"}},
            [f"{GET} parts[]: may be string now", f"{POST} parts[]: object is no longer accepted"],
        ),
    ],
)
def test_a_changed_type_breaks_who_sends_or_who_reads_it(
    new: Any, teapot: Any, name: str, schema: Any, expected: list[str]
) -> None:
    teapot["properties"][name] = schema

    assert breaking_changes(DOCUMENT, new) == expected


def test_a_number_may_become_an_integer_in_responses_only(new: Any, teapot: Any) -> None:
    teapot["properties"]["price"] = {"type": ["integer", "null"]}

    assert breaking_changes(DOCUMENT, new) == [f"{POST} price: number is no longer accepted"]


def test_alternatives_of_one_type_are_compared_together(new: Any) -> None:
    old: Any = deepcopy(DOCUMENT)
    both = [{"$ref": f"#/components/schemas/{name}"} for name in ("Teapot", "Kettle")]
    answer = {"content": {"application/json": {"schema": {"anyOf": both}}}}
    for document in (old, new):
        fields = {"name": {"type": "string"}, "volume": {"type": "integer"}}
        kettle = {"type": "object", "properties": fields}
        document["components"]["schemas"]["Kettle"] = kettle
        document["paths"]["/teapots/{id}"]["delete"]["responses"]["200"] = answer
    del new["components"]["schemas"]["Kettle"]["properties"]["volume"]

    [line] = breaking_changes(old, new)

    assert line == "DELETE /teapots/{id}: response 200: field volume is gone"


def test_operations_may_call_the_parameter_of_their_path_differently(new: Any) -> None:
    old: Any = deepcopy(DOCUMENT)
    for document in (old, new):
        document["paths"]["/teapots/{teapot_id}"] = {"patch": {"responses": {"200": BODY}}}

    assert breaking_changes(old, new) == []


def test_the_name_of_a_path_parameter_does_not_matter(new: Any) -> None:
    item = new["paths"].pop("/teapots/{id}")
    item["delete"]["parameters"][0]["name"] = "teapot_id"
    new["paths"]["/teapots/{teapot_id}"] = item

    assert breaking_changes(DOCUMENT, new) == []
