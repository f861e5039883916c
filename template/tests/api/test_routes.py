"""Promises that every route keeps. A new route is held to them as soon as it exists."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from httpx2 import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncSession

from app import main
from app.db.session import Database
from tests.examples import collect, prepare, send
from tests.problems import assert_problem
from tests.routes import Operation, operations
from tests.transactions import failing_commits

OPERATIONS = operations(main.app)
EVERY = [pytest.param(operation, id=operation.id) for operation in OPERATIONS]
CHANGING = [
    pytest.param(operation, id=operation.id)
    for operation in OPERATIONS
    if operation.method != "GET"
]
READING = [
    pytest.param(operation, id=operation.id)
    for operation in OPERATIONS
    if operation.method == "GET"
]
# What a client may rely on to be the same for HEAD. Times and counts differ from call to call.
DESCRIBING = ("content-type", "content-disposition", "etag", "cache-control", "location")
# Each is wrong, or pointless, for every operation.
BAD_CALLS: list[dict[str, Any]] = [
    {},
    {"content": "{", "headers": {"Content-Type": "application/json"}},
    {"json": [1]},
    {"json": {"no such field": 1}},
    {"content": '{"price": NaN}', "headers": {"Content-Type": "application/json"}},
    {"content": "<a/>", "headers": {"Content-Type": "text/xml"}},
    {"data": {"no_such_field": "\x00"}},
    {"content": b'"' + b"a" * 1024 * 1024 + b'"'},
    {"params": {"page": "0", "size": "10000000000000000000000"}},
    {"headers": {"If-Match": '"0"', "If-None-Match": "W/x"}},
    {"headers": {"Authorization": "Bearer nonsense"}},
    {"headers": {"Authorization": "Basic Og=="}},
]


def assert_documented(operation: Operation, response: Response) -> None:
    """The document knows the status; and what is refused is a problem."""
    assert response.status_code in operation.statuses, (response.status_code, response.text)
    if response.status_code >= 400:
        assert_problem(response, response.status_code, response.json()["code"])


def test_every_operation_has_an_example() -> None:
    assert collect().keys() == {operation.id for operation in OPERATIONS}


@pytest.mark.parametrize("operation", EVERY)
async def test_what_is_not_public_needs_credentials(
    operation: Operation, anonymous: AsyncClient, public_operations: set[str]
) -> None:
    response = await anonymous.request(operation.method, operation.url({}))

    assert (operation.document["security"] == []) == (operation.id in public_operations)
    if operation.id in public_operations:
        assert response.status_code != 401
    else:
        assert_problem(response, 401, "not_authenticated")
        assert response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", EVERY)
async def test_the_example_succeeds_as_documented(
    operation: Operation, client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)

    response = await send(client, operation, call)

    assert response.is_success, response.text
    assert response.status_code in operation.statuses


@pytest.mark.parametrize("operation", READING)
async def test_head_is_answered_as_get_is_without_a_body(
    operation: Operation, client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)

    get = await send(client, operation, call)
    head = await send(client, replace(operation, method="HEAD"), call)

    assert (head.status_code, head.content) == (get.status_code, b"")
    assert [head.headers.get(name) for name in DESCRIBING] == [
        get.headers.get(name) for name in DESCRIBING
    ]


@pytest.mark.parametrize("operation", CHANGING)
async def test_no_success_is_answered_when_the_commit_fails(
    operation: Operation, client: AsyncClient, session: AsyncSession, database: Database
) -> None:
    call = await prepare(operation, client, session)

    with failing_commits(database.engine):
        response = await send(client, operation, call)

    if call.later:
        assert response.status_code == 202
    else:
        assert_problem(response, response.status_code, response.json()["code"])
        assert response.status_code >= 500


@pytest.mark.parametrize("operation", EVERY)
async def test_only_documented_statuses_are_answered_to_bad_calls(
    operation: Operation, client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)
    for bad in BAD_CALLS:
        for path in ({}, call.path, dict.fromkeys(call.path, "no-id")) if call.path else ({},):
            response = await client.request(operation.method, operation.url(path), **bad)

            assert_documented(operation, response)
            if response.is_success and operation.method != "GET":  # what it is about has changed
                call = await prepare(operation, client, session)


@pytest.mark.parametrize("operation", EVERY)
async def test_only_documented_statuses_are_answered_to_an_example_on_an_unknown_object(
    operation: Operation, client: AsyncClient, session: AsyncSession
) -> None:
    call = await prepare(operation, client, session)
    unknown = {name: uuid4() for name in call.path}

    response = await client.request(operation.method, operation.url(unknown), json=call.json)

    assert_documented(operation, response)
    assert response.status_code == 404 or not unknown
