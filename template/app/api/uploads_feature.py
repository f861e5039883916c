"""Uploads as a feature: their storage, and the sweeping of what failed uploads have left there."""

import asyncio
import sys
from argparse import Namespace
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import structlog
from fastapi import FastAPI
from starlette.datastructures import State

from app.core.config import Settings
from app.core.feature import Commands, Feature
from app.core.settings import SettingsError
from app.core.tasks import end
from app.db.session import Database, open_database
from app.services.sweep import sweep
from app.storage.local import LocalStorage
from app.storage.settings import StorageSettings
from app.storage.store import ObjectStorage, open_memory, open_s3

log = structlog.get_logger(__name__)


def make_storage(own: StorageSettings, settings: Settings) -> ObjectStorage:
    """Make the storage that `STORAGE_URL` names. Nothing is connected or created yet."""
    url = urlsplit(own.storage_url)
    if url.scheme == "s3":
        return open_s3(own)
    if url.scheme == "memory":
        if settings.web_concurrency > 1:
            raise SettingsError("STORAGE_URL: memory:// needs WEB_CONCURRENCY=1: it is not shared")
        return open_memory()
    if settings.environment in {"staging", "production"} and own.in_project:
        log.warning("files_in_project_folder", hint="set STORAGE_URL to where they are to stay")
    return LocalStorage(Path(url2pathname(url.path)))


async def sweep_regularly(state: State, seconds: int) -> None:
    """Sweep now and again, whatever happens. Each process does it: see `app.services.sweep`."""
    while True:
        try:
            await sweep_once(state.database, state.storage)
        except Exception as error:  # the next time may be better
            log.warning("sweep_failed", error=type(error).__name__)
        await asyncio.sleep(seconds)


async def sweep_once(database: Database, storage: ObjectStorage) -> int:
    """Sweep, and log it if there was anything."""
    if swept := await sweep(database.reads, storage):
        log.info("files_swept", count=swept)
    return swept


def _setup(app: FastAPI) -> None:
    app.state.storage_settings = StorageSettings.load()
    app.state.storage = make_storage(app.state.storage_settings, app.state.settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncGenerator[None, None]:
    seconds = app.state.storage_settings.storage_sweep_seconds
    tasks = [asyncio.create_task(sweep_regularly(app.state, seconds))] if seconds else []
    try:
        yield
    finally:
        await end(tasks)


def _commands(commands: Commands) -> None:
    command = commands.add_parser("sweep-files", help="delete what failed uploads have left")
    command.set_defaults(run=_sweep_files)


def _sweep_files(_: Namespace) -> int:
    settings = Settings.load()
    storage = make_storage(StorageSettings.load(), settings)
    sys.stdout.write(f"{asyncio.run(_sweep(settings, storage))} swept.\n")
    return 0


async def _sweep(settings: Settings, storage: ObjectStorage) -> int:
    async with open_database(settings) as database:
        return await sweep_once(database, storage)


uploads = Feature(name="uploads", setup=_setup, lifespan=_lifespan, commands=_commands)
