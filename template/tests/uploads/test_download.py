"""GET /api/v1/files/{id}/content."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.api.file_transfer import RangeNotSatisfiableError, requested_range
from app.db.session import Database
from app.storage.store import ObjectStorage
from tests.problems import assert_problem
from tests.uploads.factories import FILES, upload

TEXT = bytes(range(0x20, 0x7F)) * 50


async def content(client: AsyncClient, file: Any, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await client.get(f"{FILES}/{file['id']}/content", headers=named)


async def test_a_download_is_an_attachment(user_client: AsyncClient) -> None:
    file = await upload(user_client, "Tee für 2.txt", TEXT)

    response = await content(user_client, file)

    headers = response.headers
    assert (response.status_code, response.content) == (200, TEXT)
    assert headers["content-type"] == "text/plain; charset=utf-8"
    assert headers["content-length"] == str(len(TEXT))
    assert headers["content-disposition"] == (
        "attachment; filename=\"Tee f_r 2.txt\"; filename*=UTF-8''Tee%20f%C3%BCr%202.txt"
    )
    assert headers["etag"] == f'"{file["sha256"]}"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["content-security-policy"] == (
        "default-src 'none'; frame-ancestors 'none'; sandbox"
    )
    assert headers["cache-control"] == "private, no-cache"


@pytest.mark.parametrize("method", ["gzip", "identity"])
async def test_a_file_is_never_compressed(user_client: AsyncClient, method: str) -> None:
    file = await upload(user_client, content=TEXT)

    response = await content(user_client, file, accept_encoding=method)

    assert response.headers["content-length"] == str(len(TEXT))
    assert response.headers["content-encoding"] == "identity"


async def test_a_range_returns_its_bytes(user_client: AsyncClient) -> None:
    file = await upload(user_client, content=TEXT)

    response = await content(user_client, file, range="bytes=10-19", accept_encoding="gzip")

    assert (response.status_code, response.content) == (206, TEXT[10:20])
    assert response.headers["content-range"] == f"bytes 10-19/{len(TEXT)}"
    assert response.headers["content-length"] == "10"
    assert response.headers["etag"] == f'"{file["sha256"]}"'


async def test_a_range_outside_of_the_file_is_416(user_client: AsyncClient) -> None:
    file = await upload(user_client)

    response = await content(user_client, file, range="bytes=4-")

    assert_problem(response, 416, "range_not_satisfiable")
    assert response.headers["content-range"] == "bytes */4"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 100)),
        ("bytes=99-", (99, 100)),
        ("bytes=90-1000", (90, 100)),
        ("bytes=-1", (99, 100)),
        ("bytes=-1000", (0, 100)),
        ("Bytes = 1 - 2", (1, 3)),
        ("bytes=2-1", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("lines=1-2", None),
        ("bytes=a-b", None),
        ("bytes=²-", None),
        ("bytes=1-" + "9" * 5000, None),
        ("1-2", None),
    ],
)
def test_single_ranges_are_parsed_and_others_ignored(header: str, expected: object) -> None:
    assert requested_range(header, 100) == expected


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)]
)
def test_a_range_without_a_byte_is_refused(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiableError):
        requested_range(header, size)


async def test_if_range_of_another_version_returns_the_whole_file(user_client: AsyncClient) -> None:
    file = await upload(user_client, content=TEXT)
    tag = f'"{file["sha256"]}"'

    same = await content(user_client, file, range="bytes=0-1", if_range=tag)
    other = await content(user_client, file, range="bytes=0-1", if_range='"other"')
    weak = await content(user_client, file, range="bytes=0-1", if_range=f"W/{tag}")

    assert [answer.status_code for answer in (same, other, weak)] == [206, 200, 200]


async def test_a_matching_etag_is_304(user_client: AsyncClient) -> None:
    file = await upload(user_client)
    tag = f'"{file["sha256"]}"'

    current = await content(user_client, file, if_none_match=f'"other", W/{tag}')
    old = await content(user_client, file, if_none_match='"other"')

    assert (current.status_code, current.content, current.headers["etag"]) == (304, b"", tag)
    assert old.status_code == 200


async def test_an_empty_file_is_downloaded(user_client: AsyncClient) -> None:
    file = await upload(user_client, content=b"")

    response = await content(user_client, file)

    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["content-length"] == "0"


async def test_no_database_connection_is_held_while_the_storage_opens_the_file(
    user_client: AsyncClient, app: FastAPI, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await upload(user_client, content=TEXT)
    pool: Any = database.engine.pool
    held: list[int] = []

    async def read(*arguments: Any) -> AsyncIterator[bytes]:
        held.append(pool.checkedout())
        return await ObjectStorage.read(app.state.storage, *arguments)

    monkeypatch.setattr(app.state.storage, "read", read)

    assert (await content(user_client, file)).content == TEXT
    assert held == [0]
