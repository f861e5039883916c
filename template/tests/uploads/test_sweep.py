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

from app.api import uploads_feature
from app.db.session import Database
from app.main import create_app
from app.services.sweep import sweep
from tests.conftest import MakeApp
from tests.processes import PATIENCE_SECONDS, environment, until
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
    async with asyncio.timeout(PATIENCE_SECONDS):
        while await asyncio.to_thread(orphan.exists):  # noqa: ASYNC110
            await asyncio.sleep(0.02)


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
    await until(lambda: "sweep_failed" in capfd.readouterr().out)
    folder.unlink()

    await swept(leave(folder, f"files/{uuid4()}"))


async def test_a_sweep_that_is_cut_off_does_not_keep_the_service_from_stopping(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun = asyncio.Event()

    async def sweep_once(*_: object) -> int:
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            raise OSError from None  # as a driver does whose connection breaks by it
        return 0

    monkeypatch.setattr(uploads_feature, "sweep_once", sweep_once)
    monkeypatch.setenv("STORAGE_SWEEP_SECONDS", "3600")
    app = create_app()

    async with asyncio.timeout(10) as limit, app.router.lifespan_context(app):
        await begun.wait()

    assert not limit.expired()


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
