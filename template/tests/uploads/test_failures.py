"""Failed uploads leave nothing."""

import asyncio
import errno
import os
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from app.db.session import Database
from app.models.file import File
from app.models.user import User
from app.services.upload import IncomingFile, UploadService, UploadTooSlowError
from tests.conftest import MakeClient
from tests.problems import assert_problem
from tests.transactions import failing_commits
from tests.uploads.factories import FILES, FORM, HEAD, TAIL, Body, part, upload
from tests.uploads.fixtures import Stored


@pytest.fixture
async def nothing_left(stored: Stored, session: AsyncSession) -> AsyncGenerator[None]:
    """Afterwards, there is neither a row nor a byte."""
    yield
    assert stored.paths() == []
    assert await session.scalar(select(func.count()).select_from(File)) == 0


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("path", ["", "/batch"])
async def test_a_failed_commit(user_client: AsyncClient, database: Database, path: str) -> None:
    field = "files" if path else "file"

    with failing_commits(database.engine):
        response = await user_client.post(f"{FILES}{path}", files=[part(field=field)])

    assert response.status_code >= 500


async def test_a_commit_with_a_lost_answer_keeps_the_file(
    user_client: AsyncClient,
) -> None:
    def lose_the_answer(session: Session) -> None:
        if any(isinstance(row, File) for row in session.identity_map.values()):
            raise OperationalError("COMMIT", {}, Exception("the connection is gone"))

    event.listen(Session, "after_commit", lose_the_answer)
    try:
        response = await user_client.post(FILES, files=[part()])
    finally:
        event.remove(Session, "after_commit", lose_the_answer)

    assert response.status_code >= 500
    [file] = (await user_client.get(FILES)).json()["items"]
    assert (await user_client.get(f"{FILES}/{file['id']}/content")).content == b"tea\n"


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize(
    ("number", "status", "code"),
    [
        (errno.ENOSPC, 507, "insufficient_storage"),
        (errno.EDQUOT, 507, "insufficient_storage"),
        (errno.EIO, 503, "dependency_unavailable"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
async def test_a_full_or_broken_disk(
    user_client: AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    call: str,
    number: int,
    status: int,
    code: str,
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, refuse)
    monkeypatch.setattr(Path, "replace", refuse if call == "replace" else Path.replace)

    assert_problem(await user_client.post(FILES, files=[part()]), status, code)


@pytest.mark.usefixtures("nothing_left")
async def test_a_client_that_disconnects(
    app: FastAPI, user_client: AsyncClient, database: Database
) -> None:
    messages: list[dict[str, Any]] = [
        {"type": "http.request", "body": HEAD + b"a" * 300_000, "more_body": True},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(_: Any) -> None:
        pass

    sent = user_client.build_request("POST", FILES, headers=FORM)
    headers = [(name.lower(), value) for name, value in sent.headers.raw]
    scope = {"type": "http", "method": "POST", "path": FILES, "query_string": b""}
    await app(scope | {"headers": headers, "state": {}}, receive, send)

    assert messages == []


@pytest.mark.usefixtures("nothing_left")
async def test_a_user_who_is_disabled_during_the_upload(
    user_client: AsyncClient, session: AsyncSession, user: User
) -> None:
    async def body() -> AsyncGenerator[bytes]:
        yield HEAD + b"tea"
        user.is_active = False
        await session.commit()
        yield TAIL

    response = await user_client.post(FILES, content=body(), headers=FORM)

    assert_problem(response, 401, "token_revoked")


async def test_no_database_connection_is_held_during_the_upload(
    user_client: AsyncClient, database: Database
) -> None:
    held: list[int] = []
    pool: Any = database.engine.pool

    async def body() -> AsyncGenerator[bytes]:
        async for piece in Body(pieces=10):
            held.append(pool.checkedout())
            yield piece

    response = await user_client.post(FILES, content=body(), headers=FORM)

    assert response.status_code == 201
    assert set(held) == {0}


async def test_uploads_above_the_quota_are_507(
    make_client: MakeClient, capfd: pytest.CaptureFixture[str]
) -> None:
    client = await make_client(UPLOAD_QUOTA_BYTES="10")
    first = await upload(client, content=b"a" * 6)

    assert_problem(
        await client.post(FILES, files=[part(content=b"a" * 5)]), 507, "insufficient_storage"
    )
    assert '"event": "insufficient_storage"' not in capfd.readouterr().out
    assert (await client.get(FILES)).json()["items"] == [first]
    await client.delete(f"{FILES}/{first['id']}")
    assert (await upload(client, content=b"a" * 10))["size"] == 10


async def test_the_quota_holds_for_parallel_uploads(make_client: MakeClient) -> None:
    client = await make_client(UPLOAD_QUOTA_BYTES="10")

    uploads = (client.post(FILES, files=[part(content=b"a" * 6)]) for _ in range(5))
    responses = await asyncio.gather(*uploads)

    assert sorted(response.status_code for response in responses) == [201, 507, 507, 507, 507]


@pytest.mark.usefixtures("nothing_left")
async def test_an_upload_times_out(app: FastAPI, user: User) -> None:
    uploads = UploadService(app.state.database, app.state.storage, app.state.storage_settings)
    uploads.timeout_seconds = 0.05

    async def pieces() -> AsyncGenerator[bytes]:
        while True:
            yield b"a"

    async def incoming() -> AsyncGenerator[IncomingFile]:
        yield IncomingFile("a.txt", pieces())

    with pytest.raises(UploadTooSlowError):
        await uploads.receive(incoming(), user.id)


async def test_an_unusable_folder_is_503_and_recovers(
    make_client: MakeClient, tmp_path: Path
) -> None:
    folder = tmp_path / "storage"
    folder.write_text("in the way")
    client = await make_client(STORAGE_URL=folder.as_uri())

    assert_problem(await client.post(FILES, files=[part()]), 503, "dependency_unavailable")
    folder.unlink()

    assert (await upload(client))["size"] == 4
