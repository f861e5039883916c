"""Payloads of jobs: validated with their place, and described in the OpenAPI document."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from httpx2 import AsyncClient
from pydantic import Field

from app.api.openapi import build
from app.core.job import JOB_TYPES, job
from app.core.state import FastAPI
from app.schemas.base import Input
from tests.jobs.factories import JOBS
from tests.problems import assert_problem


class Address(Input):
    street: str
    zip: Annotated[str, Field(pattern="^[0-9]{5}$")]


class Parcel(Input):
    to: list[Address]
    size: tuple[int, int] = (1, 1)
    inside: list["Parcel"] = []


async def send(_: object, __: Parcel) -> None:
    """Send a parcel, and those in it."""


async def do_nothing(_: object, __: Input) -> None:
    """Do nothing."""


@pytest.fixture(autouse=True)
def parcels() -> Iterator[None]:
    """A type of job whose payload has models in it, and one that needs no payload."""
    job("test.parcel_send", Parcel)(send)
    job("test.nothing", Input)(do_nothing)
    yield
    del JOB_TYPES["test.parcel_send"], JOB_TYPES["test.nothing"]


def parcel(*zips: object, **others: object) -> dict[str, Any]:
    return {"to": [{"street": "Main", "zip": number} for number in zips], **others}


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        (parcel("12345", "123"), ["to", 1, "zip"]),
        (parcel(*["12345"] * 537, 1), ["to", 537, "zip"]),
        (parcel("12345", inside=[parcel(), parcel("x")]), ["inside", 1, "to", 0, "zip"]),
        (parcel(size=[1, "wide"]), ["size", 1]),
        (parcel(unknown=1), ["unknown"]),
        ({}, ["to"]),
        ([], []),
    ],
)
async def test_a_wrong_payload_is_reported_with_its_place(
    client: AsyncClient, payload: object, place: list[object]
) -> None:
    response = await client.post(JOBS, json={"type": "test.parcel_send", "payload": payload})

    problem = assert_problem(response, 422, "validation_error")
    assert [fault["loc"] for fault in problem["errors"]] == [["body", "payload", *place]]


async def test_a_payload_without_required_fields_may_be_left_out(client: AsyncClient) -> None:
    missing = await client.post(JOBS, json={"type": "test.parcel_send"})
    accepted = await client.post(JOBS, json={"type": "test.nothing"})

    problem = assert_problem(missing, 422, "validation_error")
    assert problem["errors"][0]["loc"] == ["body", "payload", "to"]
    assert accepted.status_code == 202


async def test_of_an_unknown_type_only_the_type_is_wrong(client: AsyncClient) -> None:
    response = await client.post(JOBS, json={"type": "no.such", "payload": {"to": 1}})

    problem = assert_problem(response, 422, "validation_error")
    assert [fault["loc"] for fault in problem["errors"]] == [["body", "type"]]


def test_the_document_has_a_component_for_each_type_and_payload(app: FastAPI) -> None:
    schemas = build(app)["components"]["schemas"]

    mapping = schemas["JobCreate"]["discriminator"]["mapping"]
    assert schemas["JobCreate"]["discriminator"]["propertyName"] == "type"
    listed = {alternative["$ref"] for alternative in schemas["JobCreate"]["oneOf"]}
    assert listed == set(mapping.values())
    assert mapping["test.parcel_send"] == "#/components/schemas/TestParcelSendJob"
    described = schemas["TestParcelSendJob"]
    assert described["description"] == "Send a parcel, and those in it."
    assert described["properties"]["payload"] == {"$ref": "#/components/schemas/Parcel"}
    assert (described["required"], schemas["TestNothingJob"]["required"]) == (
        ["type", "payload"],
        ["type"],
    )
    assert {"Address", "Parcel"} <= schemas.keys()
    assert "$defs" not in str(schemas)
    assert "mail.send" not in mapping
