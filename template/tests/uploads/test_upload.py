"""POST /api/v1/files."""

import gzip
import os
import stat
from hashlib import sha256
from typing import Any

import pytest
from httpx2 import AsyncClient

from tests.problems import assert_problem
from tests.uploads.factories import FILES, FORM, HEAD, LIMIT, PNG, TAIL, Body, part, upload
from tests.uploads.fixtures import Stored


async def test_an_upload_returns_the_metadata(user_client: AsyncClient, stored: Stored) -> None:
    response = await user_client.post(FILES, files=[part("Tea pot.PNG", PNG)])

    file = response.json()
    assert response.status_code == 201
    assert response.headers["location"] == f"{FILES}/{file['id']}"
    assert response.headers["cache-control"] == "no-store"
    assert file.keys() == {"id", "filename", "content_type", "size", "sha256", "created_at"}
    assert file["filename"] == "Tea pot.PNG"
    assert (file["content_type"], file["size"]) == ("image/png", len(PNG))
    assert file["sha256"] == sha256(PNG).hexdigest()
    assert (await user_client.get(response.headers["location"])).json() == file
    assert [path.read_bytes() for path in stored.paths()] == [PNG]


@pytest.mark.usefixtures("stored")
async def test_a_file_is_on_the_disk_before_it_is_acknowledged(
    user_client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    await upload(user_client)  # makes the folders
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append(os.fstat(handle).st_mode))

    await upload(user_client)

    assert [stat.S_ISDIR(mode) for mode in synced] == [False, True]


async def test_the_limit_is_exact(user_client: AsyncClient, stored: Stored) -> None:
    at_limit = await upload(user_client, content=b"a" * LIMIT)

    above = await user_client.post(FILES, files=[part(content=b"a" * (LIMIT + 1))])

    assert at_limit["size"] == LIMIT
    assert_problem(above, 413, "payload_too_large")
    assert len(stored.paths()) == 1


async def test_a_body_of_unknown_length_stops_at_the_limit(
    user_client: AsyncClient, stored: Stored
) -> None:
    body = Body(pieces=1600)

    response = await user_client.post(FILES, content=body, headers=FORM)

    assert_problem(response, 413, "payload_too_large")
    assert body.sent < LIMIT + 1024 * 1024
    assert stored.paths() == []


async def test_the_epilogue_counts_as_well(user_client: AsyncClient) -> None:
    body = Body(pieces=1600, piece=b"\r\n--b--\r\n" + b"a" * 65536)

    response = await user_client.post(FILES, content=body, headers=FORM)

    assert_problem(response, 413, "payload_too_large")
    assert body.sent < LIMIT + 1024 * 1024


async def test_a_content_length_above_the_limit_is_refused_unread(
    user_client: AsyncClient,
) -> None:
    body = Body(pieces=1)

    headers = FORM | {"Content-Length": str(100 * LIMIT)}
    response = await user_client.post(FILES, content=body, headers=headers)

    assert_problem(response, 413, "payload_too_large")
    assert body.sent == 0


async def test_a_setting_changes_the_limit(make_client: Any) -> None:
    client = await make_client(UPLOAD_MAX_BYTES="10")

    assert (await client.post(FILES, files=[part(content=b"a" * 10)])).status_code == 201
    response = await client.post(FILES, files=[part(content=b"a" * 11)])

    assert_problem(response, 413, "payload_too_large")


@pytest.mark.parametrize(
    "files",
    [
        [("other", ("a.txt", b"tea"))],
        [part(), ("other", ("a.txt", b"tea"))],
        [part(), part()],
        [("file", (None, b"tea"))],
        [("file", ("", b"tea"))],
    ],
    ids=["wrong name", "one too many", "twice", "no file", "no name"],
)
async def test_a_form_with_other_parts_is_invalid(
    user_client: AsyncClient, stored: Stored, files: Any
) -> None:
    problem = assert_problem(await user_client.post(FILES, files=files), 422, "validation_error")

    assert problem["errors"][0]["loc"][0] == "body"
    assert stored.paths() == []


@pytest.mark.parametrize(
    "body",
    [{"json": {"file": "tea"}}, {"data": {"file": "tea"}}, {"content": b"tea"}, {}],
    ids=["JSON", "another form", "no type", "nothing"],
)
async def test_without_a_form_the_file_is_missing(user_client: AsyncClient, body: Any) -> None:
    problem = assert_problem(await user_client.post(FILES, **body), 422, "validation_error")

    assert problem["errors"] == [
        {"loc": ["body", "file"], "message": "Field required", "type": "missing"}
    ]


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (HEAD + b"tea", FORM),
        (HEAD + b"tea\r\n--b", FORM),
        (b"tea" + HEAD + b"tea" + TAIL, FORM),
        (b"--b\r\n" + b"a: b\r\n" * 1000 + b"\r\ntea" + TAIL, FORM),
        (b"--b\r\na: " + b"b" * 100_000 + b"\r\n\r\ntea" + TAIL, FORM),
        (HEAD + b"tea" + TAIL, {"Content-Type": "multipart/form-data"}),
        (HEAD + b"tea" + TAIL, {"Content-Type": f"multipart/form-data; boundary={'b' * 300}"}),
    ],
    ids=["cut", "cut at the end", "garbage", "headers", "header", "no boundary", "long boundary"],
)
async def test_a_malformed_form_leaves_nothing(
    user_client: AsyncClient, stored: Stored, body: bytes, headers: dict[str, str]
) -> None:
    response = await user_client.post(FILES, content=body, headers=headers)

    assert_problem(response, 400, "bad_request")
    assert stored.paths() == []


async def test_the_body_of_an_unauthenticated_request_is_not_read(anonymous: AsyncClient) -> None:
    body = Body(pieces=1)

    response = await anonymous.post(FILES, content=body, headers=FORM)

    assert_problem(response, 401, "not_authenticated")
    assert body.sent == 0


@pytest.mark.parametrize("path", [FILES, f"{FILES}/batch"])
async def test_a_compressed_form_is_refused(
    user_client: AsyncClient, stored: Stored, path: str
) -> None:
    body = gzip.compress(HEAD + b"tea" + TAIL)

    response = await user_client.post(
        path, content=body, headers=FORM | {"Content-Encoding": "gzip"}
    )

    assert_problem(response, 415, "unsupported_media_type")
    assert stored.paths() == []
