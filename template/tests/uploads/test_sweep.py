"""What failed uploads have left is found and deleted; nothing else is."""

import asyncio
import os
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx2 import AsyncClient

from app.cli import main
from app.db.session import Database
from app.services.sweep import sweep
from tests.conftest import MakeApp
from tests.databases import free_port
from tests.processes import environment
from tests.uploads.factories import FILES, upload
from tests.uploads.fixtures import Stored

HOURS_AGO = time.time() - 2 * 3600


def leave(root: Path, name: str, *, old: bool = True) -> Path:
    """Put bytes there that belong to nothing."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left")
    if old:
        os.utime(path, (HOURS_AGO, HOURS_AGO))
    return path


async def swept(orphan: Path) -> None:
    """Wait until it is gone."""
    for _ in range(500):
        if not await asyncio.to_thread(orphan.exists):
            return
        await asyncio.sleep(0.02)
    raise TimeoutError(orphan)


async def test_only_old_bytes_without_a_file_are_swept(
    app: FastAPI, database: Database, user_client: AsyncClient, stored: Stored
) -> None:
    file = await upload(user_client)
    os.utime(stored.paths()[0], (HOURS_AGO, HOURS_AGO))
    gone = [leave(stored.root, name) for name in (f"files/{uuid4()}", f"incoming/{uuid4().hex}")]
    kept = [
        leave(stored.root, f"files/{uuid4()}", old=False),
        leave(stored.root, f"incoming/{uuid4().hex}", old=False),
        leave(stored.root, "files/readme.txt"),
        leave(stored.root, "backup.tar"),
    ]

    assert await sweep(database.reads, app.state.storage) == 2

    assert not [path for path in gone if path.exists()]
    assert set(stored.paths()) == {*kept, stored.root / "files" / file["id"]}
    assert (await user_client.get(f"{FILES}/{file['id']}/content")).content == b"tea\n"


async def test_many_may_sweep_at_once(app: FastAPI, database: Database, stored: Stored) -> None:
    for _ in range(20):
        leave(stored.root, f"files/{uuid4()}")

    await asyncio.gather(*(sweep(database.reads, app.state.storage) for _ in range(4)))

    assert stored.paths() == []


async def test_the_service_sweeps_when_it_starts_and_then_regularly(
    make_app: MakeApp, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = leave(tmp_path, f"files/{uuid4()}")
    await make_app(STORAGE_URL=tmp_path.as_uri(), STORAGE_SWEEP_SECONDS="1")

    await swept(first)
    await swept(leave(tmp_path, f"files/{uuid4()}"))

    assert "files_swept" in capfd.readouterr().out


async def test_a_sweep_that_fails_ends_nothing(
    make_app: MakeApp, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "storage"
    folder.write_text("in the way")
    await make_app(STORAGE_URL=folder.as_uri(), STORAGE_SWEEP_SECONDS="1")
    await asyncio.sleep(0.2)
    folder.unlink()

    await swept(leave(folder, f"files/{uuid4()}"))

    assert "sweep_failed" in capfd.readouterr().out


def test_a_command_sweeps(tmp_path: Path) -> None:
    orphan = leave(tmp_path, f"files/{uuid4()}")
    command = [sys.executable, "-m", "app", "sweep-files"]

    done = subprocess.run(
        command,
        env=environment(STORAGE_URL=tmp_path.as_uri()),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "1 swept."
    assert not orphan.exists()


@pytest.mark.parametrize("kind", ["folder", "s3"])
def test_a_command_without_its_storage_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], kind: str
) -> None:
    in_the_way = tmp_path / "storage"
    in_the_way.write_text("in the way")
    monkeypatch.setenv("STORAGE_URL", "s3://tea" if kind == "s3" else in_the_way.as_uri())
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "me")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")

    assert main(["sweep-files"]) == 2

    assert capfd.readouterr().err == "app: The file storage does not answer. Try again.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STORAGE_URL", "/var/lib/files"),
        ("STORAGE_URL", "file://host/folder"),
        ("STORAGE_URL", "file:///"),
        ("STORAGE_URL", "s3://"),
        ("STORAGE_URL", "gs://bucket"),
        ("STORAGE_URL", "s3://[a"),
        ("STORAGE_URL", "s3://me:secret@bucket"),
        ("STORAGE_URL", "s3://bucket/prefix?region=eu"),
        ("STORAGE_URL", "file:///tmp/a%00b"),
        ("STORAGE_URL", "file:///tmp/a\nb"),
        ("STORAGE_URL", "file:///tmp/hash#frag?q"),
        ("STORAGE_URL", "memory:x"),
        ("AWS_ENDPOINT_URL", "nonsense"),
        ("AWS_ENDPOINT_URL", "ftp://x"),
        ("AWS_ENDPOINT_URL", "http://:9000"),
        ("AWS_ENDPOINT_URL", "http://host:99999"),
        ("AWS_ENDPOINT_URL", "http://host/?a=b"),
        ("AWS_ENDPOINT_URL", "http://me:secret@host"),
        ("UPLOAD_MAX_BYTES", "0"),
        ("STORAGE_LINK_SECONDS", "-1"),
    ],
)
def test_a_bad_setting_is_named(
    name: str,
    value: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv(name, value)

    assert main(["sweep-files"]) != 0

    assert capfd.readouterr().err.splitlines()[-1].startswith(f"app: {name}: ")


async def test_memory_is_not_shared_by_processes(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORAGE_URL", "memory://")
    monkeypatch.setenv("WEB_CONCURRENCY", "2")

    assert main(["sweep-files"]) != 0

    assert "WEB_CONCURRENCY=1" in capfd.readouterr().err.splitlines()[-1]


async def test_a_deployed_service_warns_that_its_files_may_get_lost(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("STORAGE_URL")

    await make_app(ENVIRONMENT="production")

    assert "files_in_project_folder" in capfd.readouterr().out
