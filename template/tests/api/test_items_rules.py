"""The rules for an item: as the document says, with messages that fit."""

from typing import Any
from uuid import UUID

import pytest
from httpx2 import AsyncClient

from tests.problems import assert_problem

ITEMS = "/api/v1/items"
TEAPOT = {"name": "Teapot", "description": "Holds one litre.", "price": "24.90", "stock": 12}


@pytest.mark.parametrize(
    "fields",
    [
        {"name": ""},
        {"name": "a" * 101},
        {"name": "nul\x00"},
        {"name": 1},
        {"description": "a" * 10_001},
        {"description": "nul\x00"},
        {"price": "-0.01"},
        {"price": "0.001"},
        {"price": "10000000000.00"},
        {"price": "NaN"},
        {"price": "Infinity"},
        {"price": "1e999999"},
        {"price": "a lot"},
        {"price": None},
        {"price": True},
        {"price": "1e2"},
        {"price": "1_000"},
        {"price": "\uff11\uff12"},
        {"price": " 1.50"},
        {"price": "+3"},
        {"price": "-0"},
        {"price": "1.50\n"},
        {"price": ".5"},
        {"stock": -1},
        {"stock": 1_000_000_001},
        {"stock": 10**400},
        {"stock": 1.5},
        {"stock": True},
        {"stock": "12"},
        {"version": 7},
        {"id": str(UUID(int=1))},
    ],
    ids=lambda fields: f"{next(iter(fields))}={str(next(iter(fields.values())))[:20]!r}",
)
async def test_an_invalid_field_is_named(client: AsyncClient, fields: dict[str, Any]) -> None:
    response = await client.post(ITEMS, json=TEAPOT | fields)

    problem = assert_problem(response, 422, "validation_error")
    assert problem["errors"][0]["loc"] == ["body", *fields]


@pytest.mark.parametrize(
    ("fields", "type", "message"),
    [
        ({"name": ""}, "string_too_short", "String should have at least 1 character"),
        ({"name": "a" * 101}, "string_too_long", "String should have at most 100 characters"),
        (
            {"description": "a" * 10_001},
            "string_too_long",
            "String should have at most 10000 characters",
        ),
        ({"stock": True}, "int_type", "Input should be a valid integer"),
        (
            {"price": "1_0"},
            "value_error",
            "must be like 24.90: up to 10 digits, and up to 2 after the point",
        ),
    ],
    ids=str,
)
async def test_messages_say_what_is_wrong(
    client: AsyncClient, fields: dict[str, Any], type: str, message: str
) -> None:
    response = await client.post(ITEMS, json=TEAPOT | fields)

    [fault] = assert_problem(response, 422, "validation_error")["errors"]
    assert (fault["type"], fault["message"]) == (type, message)


async def test_the_message_for_a_long_search_counts_characters(client: AsyncClient) -> None:
    response = await client.get(ITEMS, params={"q": "a" * 201})

    [fault] = assert_problem(response, 422, "validation_error")["errors"]
    assert fault["message"] == "String should have at most 200 characters"


async def test_a_whole_number_may_be_written_with_a_point(client: AsyncClient) -> None:
    response = await client.post(ITEMS, json=TEAPOT | {"stock": 12.0})

    assert (response.status_code, response.json()["stock"]) == (201, 12)
