"""The `uploads` feature: the storage, and the command that cleans it up."""

import asyncio
import os
import sys
from argparse import Namespace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

import structlog
from obstore.exceptions import BaseError
from obstore.store import MemoryStore, S3Store

from app.core.config import Settings
from app.core.feature import Commands, Feature
from app.core.settings import SettingsError
from app.core.state import FastAPI
from app.db.session import open_database
from app.services.file import delete_orphans
from app.storage.settings import StorageSettings
from app.storage.store import LocalStorage, ObjectStorage

log = structlog.get_logger(__name__)


def unset_empty_variables() -> None:
    """Unset empty `AWS_` variables, which obstore reads itself and takes for values."""
    for name, value in list(os.environ.items()):
        if name.startswith("AWS_") and not value:
            del os.environ[name]


def open_s3(settings: StorageSettings) -> ObjectStorage:
    """Open a bucket, with timeouts for everything."""
    unset_empty_variables()
    endpoint = str(settings.aws_endpoint_url or "")
    timeouts: Any = {
        "allow_http": endpoint.startswith("http://"),
        "connect_timeout": timedelta(seconds=3),
        "read_timeout": timedelta(seconds=15),
        "timeout": timedelta(hours=1),  # of a whole download
    }
    values: dict[str, str] = {
        "access_key_id": settings.aws_access_key_id,
        "secret_access_key": settings.aws_secret_access_key.get_secret_value(),
        "region": settings.aws_region,
        "endpoint": endpoint,
    }
    config: Any = {name: value for name, value in values.items() if value}
    retries: Any = {"max_retries": 2, "retry_timeout": timedelta(seconds=10)}
    try:
        store = S3Store.from_url(
            settings.storage_url, config=config, client_options=timeouts, retry_config=retries
        )
    except (BaseError, ValueError):
        raise SettingsError("STORAGE_URL or an AWS_ variable: cannot be used") from None
    return ObjectStorage(store)


def make_storage(own: StorageSettings, settings: Settings) -> ObjectStorage:
    """Make the storage that `STORAGE_URL` names, without connecting to it or creating it."""
    url = urlsplit(own.storage_url)
    if url.scheme == "s3":
        return open_s3(own)
    if url.scheme == "memory":
        if settings.web_concurrency > 1:
            raise SettingsError("STORAGE_URL: memory:// needs WEB_CONCURRENCY=1: it is not shared")
        return ObjectStorage(MemoryStore())  # for trying things out: it ends with the process
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
