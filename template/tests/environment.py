"""Tests use the default settings, not the developer's environment or `.env`."""

import os
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec

import app.features  # noqa: F401  (imports every settings class but the server's)
from app.core.config import PROJECT
from app.core.settings import EnvSettings

import_module(f"app.servers.{PROJECT.server}")
if not find_spec("sniffio"):  # httpx2 tries to import it for each request, which takes 1 ms
    sys.modules["sniffio"] = None  # ty: ignore[invalid-assignment]


def clear_settings() -> None:
    """Remove every setting from the environment, and do not read `.env`."""
    for settings in [EnvSettings, *_descendants(EnvSettings)]:
        settings.model_config["env_file"] = None
        for name in settings.model_fields:
            os.environ.pop(name.upper(), None)


def _descendants(parent: type[EnvSettings]) -> Iterator[type[EnvSettings]]:
    for child in parent.__subclasses__():
        yield child
        yield from _descendants(child)
