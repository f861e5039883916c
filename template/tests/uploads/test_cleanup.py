"""The orphan cleanup deletes what interrupted uploads have left, and nothing else."""

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

from app.db.session import Database
from app.services.file import delete_orphans
from tests.processes import environment
from tests.uploads.factories import FILES, leave_orphan, upload
from tests.uploads.fixtures import Stored


async def test_only_old_bytes_without_a_file_are_deleted(
    app: FastAPI,
    database: Database,
    user_client: AsyncClient,
    stored: Stored,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = await upload(user_client)
    two_hours_ago = time.time() - 2 * 3600
    os.utime(stored.paths()[0], (two_hours_ago, two_hours_ago))
    names = (f"files/{uuid4()}", f"incoming/{uuid4().hex}")
    gone = [leave_orphan(stored.root, name) for name in names]
    kept = [
        leave_orphan(stored.root, f"files/{uuid4()}", old=False),
        leave_orphan(stored.root, f"incoming/{uuid4().hex}", old=False),
        leave_orphan(stored.root, "files/readme.txt"),
        leave_orphan(stored.root, "backup.tar"),
    ]

    assert await delete_orphans(database.reads, app.state.storage) == 2

    assert not [path for path in gone if path.exists()]
    assert set(stored.paths()) == {*kept, stored.root / "files" / file["id"]}
    assert (await user_client.get(f"{FILES}/{file['id']}/content")).content == b"tea\n"
    assert "orphans_deleted" in capfd.readouterr().out


async def test_cleanups_may_run_in_parallel(
    app: FastAPI, database: Database, stored: Stored
) -> None:
    for _ in range(20):
        leave_orphan(stored.root, f"files/{uuid4()}")

    await asyncio.gather(*(delete_orphans(database.reads, app.state.storage) for _ in range(4)))

    assert stored.paths() == []


@pytest.mark.parametrize("command", ["clean-files", "sweep-files"])
def test_a_command_cleans_up(tmp_path: Path, command: str) -> None:
    orphan = leave_orphan(tmp_path, f"files/{uuid4()}")

    done = subprocess.run(
        [sys.executable, "-m", "app", command],
        env=environment(STORAGE_URL=tmp_path.as_uri()),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.splitlines()[-1] == "1 deleted."
    assert not orphan.exists()
