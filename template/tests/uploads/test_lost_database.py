"""Uploads whose database is lost: bytes that certainly have no row are deleted."""

from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from app.core.config import Settings
from app.core.exceptions import DependencyUnavailableError
from app.db.session import Database, open_database
from app.models.user import User
from app.services.upload import IncomingFile, UploadService
from app.storage.validation import UnsupportedTypeError
from tests.databases import lost
from tests.transactions import failing_commits
from tests.uploads.fixtures import Stored


@pytest.fixture
async def lost_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Database]:
    """A database that is unreachable."""
    monkeypatch.setenv("DATABASE_URL", lost(tmp_path))
    async with open_database(Settings.load()) as database:
        yield database


async def two_files(second: str) -> AsyncGenerator[IncomingFile]:
    """Two texts, the second under any name."""
    for name in ("a.txt", second):
        yield IncomingFile(name, tea())


async def tea() -> AsyncGenerator[bytes]:
    """A little text."""
    yield b"tea"


@pytest.mark.parametrize(
    ("second", "error"), [("b.txt", DependencyUnavailableError), ("b.png", UnsupportedTypeError)]
)
async def test_an_upload_leaves_nothing_if_the_database_is_lost(
    app: FastAPI,
    user: User,
    lost_database: Database,
    stored: Stored,
    second: str,
    error: type[Exception],
) -> None:
    uploads = UploadService(lost_database, app.state.storage, app.state.storage_settings)

    with pytest.raises(error):
        await uploads.receive(two_files(second), user.id)

    assert stored.paths() == []


async def test_bytes_are_kept_if_the_result_of_the_commit_is_unknown(
    app: FastAPI, user: User, database: Database, lost_database: Database, stored: Stored
) -> None:
    forgetful = replace(database, reads=lost_database.reads)
    uploads = UploadService(forgetful, app.state.storage, app.state.storage_settings)

    with failing_commits(database.engine), pytest.raises(OperationalError):
        await uploads.receive(two_files("b.txt"), user.id)

    assert len(stored.paths()) == 2
