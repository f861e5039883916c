"""The project's folders and settings, for the development tools."""

import os
import sys
import tomllib
from pathlib import Path

from dotenv import dotenv_values

from app.core.settings import read_env_file

ROOT = Path(__file__).resolve().parent.parent
LOCAL = ROOT / ".local"


class LauncherError(Exception):
    """An error that ends the launcher. The message is a sentence that says what to do."""


def uses_postgresql() -> bool:
    """Return whether `[tool.app] database` in pyproject.toml is `postgresql`, not `sqlite`."""
    document = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return document["tool"]["app"]["database"] == "postgresql"


def setting(name: str, default: str = "") -> str:
    """Read a variable as the service does: the environment, then `.env`; empty means unset."""
    file = ROOT / ".env"
    try:
        read_env_file(file)
    except ValueError as error:
        raise LauncherError(f"{error}.") from None
    values = dotenv_values(file, encoding="utf-8-sig")
    return os.environ.get(name) or values.get(name) or default


def xdist_worker() -> int | None:
    """Return the number of this pytest-xdist process; None without pytest-xdist."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    return int(worker.removeprefix("gw")) if worker else None


def say(line: str) -> None:
    """Print a line to stderr, apart from the output of the program that runs."""
    print(line, file=sys.stderr, flush=True)
