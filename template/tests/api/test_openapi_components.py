"""The document's components work with client generators."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Generic, TypeVar

import pytest
from fastapi import Body
from pydantic import BaseModel, Field

from app.api.openapi import build, plain_names
from tests.conftest import MakeApp
from tests.routes import versions

T = TypeVar("T")


class Line(BaseModel):
    """What stands in an envelope."""

    size: tuple[int, int]
    color: tuple[str, Annotated[int, Field(ge=0)]]
    names: dict[Annotated[str, Field(pattern="^[a-z]+$")], int]


class Envelope_Of(BaseModel, Generic[T]):  # noqa: N801  (a name that is not plain)
    """Something in something."""

    content: T


async def post(content: Annotated[str, Body()], count: Annotated[int, Body()]) -> Envelope_Of[Line]:
    """Answer with a generic model, as a user's own route may."""
    return Envelope_Of(content=Line(size=(count, count), color=(content, count), names={}))


def parts(part: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a part of the document."""
    if isinstance(part, dict):
        yield part
    for value in (
        part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    ):
        yield from parts(value)


@pytest.fixture
async def documents(make_app: MakeApp) -> list[dict[str, Any]]:
    """The document of each version, with a route added by a user."""
    app: Any = await make_app()
    app.post("/api/v1/envelopes", name="post_envelope")(post)
    return [build(app, version) for version in versions(app)]


def test_names_are_of_letters_and_digits(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        for name, schema in document["components"]["schemas"].items():
            assert re.fullmatch("[A-Z][A-Za-z0-9]*", name)
            assert schema.get("title", name) == name or "[" not in schema["title"]

    names = documents[0]["components"]["schemas"].keys()
    assert {"PageSpecimenRead", "EnvelopeOfLine", "PostEnvelopeBody"} <= names
    assert not [name for name in names if name.startswith("Body")]


def test_every_reference_leads_somewhere(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        found = [part["$ref"] for part in parts(document) if isinstance(part.get("$ref"), str)]
        for part in parts(document):
            found += part.get("discriminator", {}).get("mapping", {}).values()

        assert found
        for reference in found:
            kind, name = reference.removeprefix("#/components/").split("/")
            assert name in document["components"][kind]


def test_every_array_has_items(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        assert all("items" in part for part in parts(document) if part.get("type") == "array")

    line = documents[0]["components"]["schemas"]["Line"]["properties"]
    assert line["size"]["items"] == {"type": "integer"}
    assert line["color"]["items"] == {
        "anyOf": [{"type": "string"}, {"type": "integer", "minimum": 0}]
    }


def test_maps_say_what_their_values_are(documents: list[dict[str, Any]]) -> None:
    names = documents[0]["components"]["schemas"]["Line"]["properties"]["names"]

    assert names["additionalProperties"] == {"type": "integer"}
    assert names["propertyNames"] == {"pattern": "^[a-z]+$"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["A_B", "AB"], {"AB": "AB", "A_B": "AB2"}),
        (["A_B", "A_B_", "A__B"], {"A_B": "AB", "A_B_": "AB2", "A__B": "AB3"}),
        (
            ["tea-Input", "Body_x", "__"],
            {"tea-Input": "TeaInput", "Body_x": "XBody", "__": "Schema"},
        ),
    ],
)
def test_no_two_names_become_one(given: list[str], expected: dict[str, str]) -> None:
    assert plain_names(given) == expected


def test_an_answer_says_of_what_type_it_is(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        contents = [part["content"] for part in parts(document["paths"]) if "content" in part]

        assert contents
        assert not [kind for content in contents for kind in content if "*" in kind]
