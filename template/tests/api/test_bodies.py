"""What a body may be: JSON in Unicode, not compressed, and not too large."""

import gzip
from collections.abc import AsyncIterator

import pytest
from httpx2 import AsyncClient

from tests.blueprint.factories import SPECIMENS
from tests.problems import assert_problem

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "body",
    ["", "{", "{'name': 1}", '{"stock": 1' + "0" * 5000 + "}", "[" * 100_000, b"\xff\xfe", "\x00"],
    ids=lambda body: repr(body[:12]),
)
async def test_a_body_that_is_not_json_is_malformed(client: AsyncClient, body: str) -> None:
    response = await client.post(SPECIMENS, content=body, headers=JSON)

    assert response.status_code in {400, 422}
    assert_problem(response, response.status_code, response.json()["code"])


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Tea',
        '{"name": "Caf\xe9"}'.encode("latin-1"),
        '{"name": "\u20ac"}'.encode("cp1252"),
        '{"name": "\u8336"}'.encode("shift_jis"),
        gzip.compress(b'{"name": "Tea"}', mtime=0),
        "[" * 100_000,
    ],
)
async def test_malformed_json_has_its_own_code(client: AsyncClient, body: str | bytes) -> None:
    response = await client.post(SPECIMENS, content=body, headers=JSON)

    problem = assert_problem(response, 400, "malformed_json")
    assert problem["detail"] == "The body is not valid JSON."


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_json_in_unicode_is_read(client: AsyncClient, encoding: str) -> None:
    body = '{"name": "\u8336 Caf\xe9", "price": "1"}'.encode(encoding)

    response = await client.post(SPECIMENS, content=body, headers=JSON)

    assert (response.status_code, response.json()["name"]) == (201, "\u8336 Caf\xe9")


async def in_pieces(body: bytes) -> AsyncIterator[bytes]:
    """Send a body byte by byte."""
    for position in range(len(body)):
        yield body[position : position + 1]


@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+JSON"])
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
async def test_json_in_unmarked_utf_16_or_utf_32_is_malformed(
    client: AsyncClient, encoding: str, media_type: str
) -> None:
    body = '{"name": "\u8336", "price": "1"}'.encode(encoding)

    for content in (body, in_pieces(body)):
        response = await client.post(
            SPECIMENS, content=content, headers={"Content-Type": media_type}
        )

        assert_problem(response, 400, "malformed_json")


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "gzip, identity"])
async def test_a_compressed_body_is_refused_with_the_accepted_encoding(
    client: AsyncClient, coding: str
) -> None:
    body = gzip.compress(b'{"name": "Tea", "price": "1"}')

    response = await client.post(
        SPECIMENS, content=body, headers=JSON | {"Content-Encoding": coding}
    )

    assert_problem(response, 415, "unsupported_media_type")
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    "body",
    [
        '{"name": "Tea", "price": NaN}',
        '{"name": "Tea", "price": -Infinity}',
        '{"name": "\\ud800", "price": "1"}',
        '{"name": "Tea", "price": "1", "\\udfff": 1}',
        '{"name": "Tea", "price": "1", "' + "a" * 1000 + '": 1}',
        '{"name": "Tea", "price": 1e400}',
        "[]",
        "null",
        '"text"',
    ],
    ids=lambda body: body[:32],
)
async def test_json_that_makes_no_sense_is_refused(client: AsyncClient, body: str) -> None:
    response = await client.post(SPECIMENS, content=body, headers=JSON)

    problem = assert_problem(response, 422, "validation_error")
    assert all(error.keys() == {"loc", "message", "type"} for error in problem["errors"])


async def test_a_body_of_another_type_is_refused(client: AsyncClient) -> None:
    response = await client.post(SPECIMENS, content="<tea/>", headers={"Content-Type": "text/xml"})

    assert_problem(response, 422, "validation_error")


@pytest.mark.parametrize("coding", ["", "identity", "Identity"])
async def test_a_body_with_identity_encoding_is_read(client: AsyncClient, coding: str) -> None:
    tea = {"name": "Tea", "price": "1"}

    response = await client.post(SPECIMENS, json=tea, headers={"Content-Encoding": coding})

    assert response.status_code == 201


async def test_a_content_length_over_the_limit_is_refused(client: AsyncClient) -> None:
    response = await client.post(SPECIMENS, content=b" " * (1024 * 1024 + 1), headers=JSON)

    assert_problem(response, 413, "payload_too_large")


async def test_only_json_is_checked_for_its_encoding(client: AsyncClient) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=json"}

    response = await client.post(SPECIMENS, content=b"\0\0\0\0", headers=form)

    assert_problem(response, 422, "validation_error")


async def test_a_body_over_the_limit_without_content_length_is_refused(client: AsyncClient) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    response = await client.post(SPECIMENS, content=endless(), headers=JSON)

    assert "content-length" not in response.request.headers
    assert_problem(response, 413, "payload_too_large")


async def test_a_body_of_the_largest_size_is_read(client: AsyncClient) -> None:
    body = b'{"name": "Tea", "price": "1"}'.ljust(1024 * 1024)

    assert (await client.post(SPECIMENS, content=body, headers=JSON)).status_code == 201
