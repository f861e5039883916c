"""The command line: `python -m app serve`, `migrate`, and what the features add."""

import argparse
import signal
import sys
from collections.abc import Sequence

import uvicorn

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.project import PROJECT
from app.core.settings import SettingsError
from app.db.errors import DatabaseUnavailableError
from app.db.migrations import upgrade
from app.features import FEATURES


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. The last line on stderr says what is wrong."""
    parsed = parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except (SettingsError, DatabaseUnavailableError) as error:
        print(f"app: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Describe the commands."""
    root = argparse.ArgumentParser(prog="python -m app", description=PROJECT.description)
    commands = root.add_subparsers(title="commands", required=True)
    commands.add_parser("serve", help="serve on HOST and PORT").set_defaults(run=serve)
    commands.add_parser("migrate", help="bring the schema up to date").set_defaults(run=migrate)
    for feature in FEATURES:
        feature.commands(commands)
    return root


def serve(_: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    settings = Settings.load()
    # Uvicorn raises the signal again when it has stopped; to us a clean stop is a success.
    signal.signal(signal.SIGTERM, lambda *_: None)
    signal.signal(signal.SIGINT, lambda *_: None)
    uvicorn.run(
        "app.main:app",
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        log_config=None,
        access_log=False,  # ours has the request id
        proxy_headers=False,  # TRUSTED_PROXIES decides, for every server alike
        server_header=False,
        timeout_graceful_shutdown=settings.shutdown_grace_seconds,
    )
    return 0


def migrate(_: argparse.Namespace) -> int:
    """Bring the schema up to date."""
    configure_logging(Settings.load())
    upgrade()
    return 0
