"""The workers delete the bytes of interrupted uploads periodically."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest
from celery import Celery

from app.core.settings import SettingsError
from app.db.session import Database
from app.workers.celery_app import app as celery
from app.workers.file_cleanup import CleanupSettings, clean, clean_files, schedule_cleanup
from app.workers.settings import MAINTENANCE
from app.workers.tasks import ACKS_LATE
from tests.uploads.factories import leave_orphan


def test_beat_sends_the_task_every_hour() -> None:
    celery.loader.import_default_modules()

    entry = celery.conf.beat_schedule["clean-files"]
    assert (entry["schedule"], entry["options"]) == (3600, {"expires": 3600, "queue": MAINTENANCE})
    assert celery.tasks[entry["task"]].acks_late is ACKS_LATE


def test_with_an_interval_of_0_it_sends_none() -> None:
    other = Celery("other", set_as_current=False)

    schedule_cleanup(other, 0)

    assert "clean-files" not in other.conf.beat_schedule


async def test_the_task_deletes_orphans(
    database: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STORAGE_URL", tmp_path.as_uri())
    orphan = leave_orphan(tmp_path, f"files/{uuid4()}")

    await clean_files(cast("Any", SimpleNamespace(database=database)))

    assert not orphan.exists()
    assert clean.name == "files.clean"


def test_an_interval_that_is_no_number_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_SWEEP_SECONDS", "often")

    with pytest.raises(SettingsError, match=r"^STORAGE_SWEEP_SECONDS: "):
        CleanupSettings.load()
