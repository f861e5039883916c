"""The periodic task that deletes stored bytes without a file."""

from typing import Annotated

from celery import Celery, shared_task
from pydantic import Field

from app.core.config import Settings
from app.core.settings import EnvSettings
from app.services.file import delete_orphans
from app.storage.feature import make_storage
from app.storage.settings import StorageSettings
from app.workers.celery_app import app
from app.workers.runner import JobRunner
from app.workers.settings import MAINTENANCE
from app.workers.tasks import ACKS_LATE, runtime


class CleanupSettings(EnvSettings):
    """How often the storage is cleaned up; 0: only by `python -m app clean-files`."""

    storage_sweep_seconds: Annotated[int, Field(ge=0, le=30 * 86400)] = 3600


@shared_task(name="files.clean", acks_late=ACKS_LATE)
def clean() -> None:
    """Delete what interrupted uploads and deleted accounts have left."""
    runtime().run(clean_files)


async def clean_files(runner: JobRunner) -> None:
    """Delete orphans of the storage that the settings name."""
    storage = make_storage(StorageSettings.load(), Settings.load())
    await delete_orphans(runner.database.reads, storage)


def schedule_cleanup(celery: Celery, seconds: int) -> None:
    """Let beat send the task, unless the interval is 0. A late message expires with the next."""
    if seconds:
        task = clean.s().set(expires=seconds, queue=MAINTENANCE)
        celery.add_periodic_task(seconds, task, name="clean-files")


schedule_cleanup(app, CleanupSettings.load().storage_sweep_seconds)
