"""S3, on a real server, and memory."""

import asyncio
from collections.abc import AsyncGenerator, Generator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.services.file import delete_orphans
from app.storage.store import StorageUnavailableError
from tests.clients import connect
from tests.conftest import MakeApp
from tests.databases import closed_port
from tests.problems import assert_problem
from tests.uploads.factories import FILES, FORM, MIB, Body, part, upload
from tests.uploads.servers import BUCKET, s3_server

TWO_PARTS = b"tea " * (3 * MIB // 2)
KEYS = {
    "AWS_ACCESS_KEY_ID": "me",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_REGION": "us-east-1",
    "UPLOAD_MAX_BYTES": str(10 * MIB),
}
# What a machine may be given instead of the metadata service.
OTHER_ROLES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)


def empty_bucket() -> dict[str, str]:
    """The settings of an empty prefix of the bucket."""
    return KEYS | {"STORAGE_URL": f"s3://{BUCKET}/{uuid4()}"}


@pytest.fixture(scope="module")
def s3() -> Generator[str]:
    """The address of an S3 server."""
    with s3_server() as address:
        yield address


@pytest.fixture(params=["memory", pytest.param("s3", marks=pytest.mark.process)])
async def other_app(request: pytest.FixtureRequest, make_app: MakeApp) -> FastAPI:
    """An app with another storage."""
    if request.param == "memory":
        return await make_app(STORAGE_URL="memory://", UPLOAD_MAX_BYTES=str(10 * MIB))
    return await make_app(AWS_ENDPOINT_URL=request.getfixturevalue("s3"), **empty_bucket())


@pytest.fixture
async def other_client(
    other_app: FastAPI, credentials: dict[str, str]
) -> AsyncGenerator[AsyncClient]:
    """A client of it."""
    async with connect(other_app, credentials) as client:
        yield client


async def listed(app: FastAPI) -> list[str]:
    found: Any = app.state.storage.store.list()
    return [entry["path"] for entry in await found.collect_async()]


async def test_a_file_is_stored_read_and_deleted(
    other_app: FastAPI, other_client: AsyncClient
) -> None:
    file = await upload(other_client, content=TWO_PARTS)
    path = f"{FILES}/{file['id']}"

    whole = await other_client.get(f"{path}/content")
    some = await other_client.get(f"{path}/content", headers={"Range": "bytes=5000000-6000000"})
    keys = await listed(other_app)
    deleted = await other_client.delete(path)

    assert sha256(whole.content).hexdigest() == file["sha256"]
    assert (some.status_code, some.content) == (206, TWO_PARTS[5_000_000:6_000_001])
    assert (keys, deleted.status_code) == ([f"files/{file['id']}"], 204)
    assert await listed(other_app) == []


async def test_an_empty_file_is_a_file(other_client: AsyncClient) -> None:
    file = await upload(other_client, content=b"")

    response = await other_client.get(f"{FILES}/{file['id']}/content")

    assert (response.status_code, response.content) == (200, b"")


async def test_a_refused_upload_leaves_nothing(
    other_app: FastAPI, other_client: AsyncClient
) -> None:
    too_large = await other_client.post(FILES, content=Body(pieces=200), headers=FORM)
    wrong = await other_client.post(
        f"{FILES}/batch", files=[part(field="files"), part("a.png", field="files")]
    )

    assert_problem(too_large, 413, "payload_too_large")
    assert_problem(wrong, 415, "unsupported_media_type")
    assert await listed(other_app) == []


async def test_the_cleanup_deletes_nothing_new(
    other_app: FastAPI, other_client: AsyncClient
) -> None:
    await upload(other_client)
    other_app.state.storage.store.put("files/00000000-0000-4000-8000-000000000000", b"left")

    assert await delete_orphans(other_app.state.database.reads, other_app.state.storage) == 0


@pytest.mark.process
async def test_a_download_redirects_to_a_presigned_url(
    make_app: MakeApp, s3: str, credentials: dict[str, str]
) -> None:
    app = await make_app(AWS_ENDPOINT_URL=s3, STORAGE_LINK_SECONDS="60", **empty_bucket())
    async with connect(app, credentials) as client:
        file = await upload(client, "Tee für 2.txt", b"tea")
        response = await client.get(f"{FILES}/{file['id']}/content")

    download = await asyncio.to_thread(httpx2.get, response.headers["location"])
    assert (response.status_code, response.headers["cache-control"]) == (307, "no-store")
    assert (download.status_code, download.content) == (200, b"tea")
    assert download.headers["content-type"] == "text/plain"
    assert "UTF-8''Tee%20f%C3%BCr%202.txt" in download.headers["content-disposition"]


async def test_an_unreachable_server_is_503(make_app: MakeApp, credentials: dict[str, str]) -> None:
    address = f"http://127.0.0.1:{closed_port()}"
    app = await make_app(AWS_ENDPOINT_URL=address, **empty_bucket())

    async with connect(app, credentials) as client:
        response = await client.post(FILES, files=[part()])

    assert_problem(response, 503, "dependency_unavailable")


@pytest.mark.process
@pytest.mark.parametrize("url", ["s3://missing-bucket", "file:///proc/nowhere/files"])
async def test_a_missing_storage_is_503(
    make_app: MakeApp, s3: str, credentials: dict[str, str], url: str
) -> None:
    app = await make_app(AWS_ENDPOINT_URL=s3, STORAGE_URL=url, **KEYS)

    async with connect(app, credentials) as client:
        response = await client.post(FILES, files=[part()])

    assert_problem(response, 503, "dependency_unavailable")
    with pytest.raises(StorageUnavailableError):
        await delete_orphans(app.state.database.reads, app.state.storage)


async def test_an_empty_variable_counts_as_unset(make_app: MakeApp) -> None:
    empty = dict.fromkeys(("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_SESSION_TOKEN"), "")
    app = await make_app(**KEYS | empty | {"STORAGE_URL": f"s3://{BUCKET}"})

    link = await app.state.storage.presign("name", 60)

    assert link.startswith(f"https://s3.us-east-1.amazonaws.com/{BUCKET}/name?")
    assert "X-Amz-Security-Token" not in link


async def test_without_keys_the_role_of_the_machine_is_used(make_app: MakeApp) -> None:
    closed = f"http://127.0.0.1:{closed_port()}"
    empty = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", *OTHER_ROLES), "")
    app = await make_app(STORAGE_URL=f"s3://{BUCKET}", AWS_METADATA_ENDPOINT=closed, **empty)

    with pytest.raises(StorageUnavailableError):
        await app.state.storage.presign("name", 60)
