"""gunicorn, which manages processes of uvicorn. Its settings are in gunicorn_config.py."""

import os
import sys
from typing import Annotated

from pydantic import Field

from app.core.config import Settings
from app.core.settings import EnvSettings


class ServerSettings(EnvSettings):
    """What only this server knows."""

    # A process is replaced after so many requests, and up to a tenth more. 0: never.
    worker_max_requests: Annotated[int, Field(ge=0)] = 0


def serve(_: Settings) -> int:
    """Become gunicorn: it forks, and what this process has opened must not be shared."""
    config = ["--config", "python:app.servers.gunicorn_config"]
    command = [sys.executable, "-m", "gunicorn", *config, "app.main:app"]
    os.execv(sys.executable, command)  # noqa: S606  (no shell is wanted)
