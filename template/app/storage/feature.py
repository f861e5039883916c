"""The `uploads` feature: the storage, and the command that cleans it up."""

import asyncio
import sys
from argparse import Namespace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import structlog

from app.core.config import Settings
from app.core.feature import Commands, Feature
from app.core.settings import SettingsError
from app.core.state import FastAPI
from app.db.session import open_database
from app.services.file import delete_orphans
from app.storage.local import LocalStorage
from app.storage.settings import StorageSettings
from app.storage.store import ObjectStorage, open_memory, open_s3

log = structlog.get_logger(__name__)


def make_storage(own: StorageSettings, settings: Settings) -> ObjectStorage:
    """Make the storage that `STORAGE_URL` names, without connecting to it or creating it."""
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


def _setup(app: FastAPI) -> None:
    app.state.storage_settings = StorageSettings.load()
    app.state.storage = make_storage(app.state.storage_settings, app.state.settings)


def _commands(commands: Commands) -> None:
    command = commands.add_parser(
        "clean-files",
        aliases=["sweep-files"],  # its name before 2.0
        help="delete what interrupted uploads and deleted accounts have left",
    )
    command.set_defaults(run=_clean_files)


def _clean_files(_: Namespace) -> int:
    settings = Settings.load()
    storage = make_storage(StorageSettings.load(), settings)
    sys.stdout.write(f"{asyncio.run(_delete_orphans(settings, storage))} deleted.\n")
    return 0


async def _delete_orphans(settings: Settings, storage: ObjectStorage) -> int:
    async with open_database(settings) as database:
        return await delete_orphans(database.reads, storage)


uploads = Feature(name="uploads", setup=_setup, commands=_commands)
