"""Serves with gunicorn and uvicorn's workers. The settings are in gunicorn_config.py."""

import os
import sys
from typing import Annotated

from pydantic import Field

from app.core.config import SERVE_VARIABLE, Settings
from app.core.settings import EnvSettings


class ServerSettings(EnvSettings):
    """Settings of this server only."""

    # A process is replaced after this many requests, and up to a tenth more. 0: never.
    worker_max_requests: Annotated[int, Field(ge=0)] = 0


def serve(_: Settings) -> int:
    """Replace this process by gunicorn: it forks, and open connections must not be shared."""
    config = ["--config", "python:app.servers.gunicorn_config"]
    if not os.environ.get("GUNICORN_CMD_ARGS"):  # it may ask for more processes
        os.environ[SERVE_VARIABLE] = "1"
    command = [sys.executable, "-m", "gunicorn", *config, "app.main:app"]
    os.execv(sys.executable, command)  # noqa: S606  (no shell is wanted)
