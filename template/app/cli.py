"""The command line: `python -m app serve`, `migrate`, `openapi`, and what the features add."""

import argparse
import errno
import json
import os
import re
import secrets
import socket
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from importlib import import_module
from importlib.util import find_spec
from socket import SOCK_STREAM

from alembic.util import CommandError
from fastapi.routing import iter_route_contexts

from app.api.openapi import FIRST, build
from app.core.config import PROJECT, Settings
from app.core.exceptions import DependencyUnavailableError
from app.core.logging import configure_logging
from app.core.settings import SettingsError, check_settings
from app.core.state import FastAPI
from app.db.migrations import upgrade
from app.features import FEATURES

# The versions after the first, by their paths.
LATER = re.compile(r"/api/(v(?!1/)\d+)/")


def check_port(host: str, port: int) -> None:
    """Raise `ValueError`, which says what to do, if no server can listen there.

    Servers fail later, with a long traceback.
    """
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(host, port, type=SOCK_STREAM)
        with socket.socket(family, kind) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except UnicodeError:
        raise ValueError(f"HOST: {host!r} is no name of a host") from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            free = f"set PORT to another, such as PORT={port + 1}, or stop what listens there"
            raise ValueError(f"PORT: {port} on {host} is in use; {free}") from None
        raise ValueError(f"HOST, PORT: {host}:{port}: {error.strerror}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code. An error is the last line on stderr."""
    parsed = parser().parse_args(arguments)
    try:
        return parsed.run(parsed)
    except (SettingsError, DependencyUnavailableError, CommandError) as error:
        print(f"app: {error}", file=sys.stderr)
        return 2


def parser() -> argparse.ArgumentParser:
    """Make the parser of all commands."""
    root = argparse.ArgumentParser(prog="python -m app", description=PROJECT.description)
    commands = root.add_subparsers(title="commands", required=True)
    commands.add_parser("serve", help="serve on HOST and PORT").set_defaults(run=serve)
    commands.add_parser("migrate", help="upgrade the database schema").set_defaults(run=migrate)
    commands.add_parser("openapi", help="print the API document").set_defaults(run=openapi)
    for feature in FEATURES:
        feature.commands(commands)
    return root


def serve(_: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    server = import_module(f"app.servers.{PROJECT.server}")
    # All settings are checked before any process is started.
    check_settings()
    settings = Settings.load()
    import_module("app.main")
    try:
        check_port(settings.host, settings.port)
    except ValueError as error:
        raise SettingsError(str(error)) from None
    return server.serve(settings)


def migrate(_: argparse.Namespace) -> int:
    """Upgrade the schema to its newest revision."""
    configure_logging(Settings.load())
    upgrade()
    return 0


def openapi(_: argparse.Namespace) -> int:
    """Print the OpenAPI document, as `/api/v1/openapi.json` serves it."""
    print(openapi_documents()["v1"])
    return 0


def openapi_documents() -> dict[str, str]:
    """Return each version's OpenAPI document. They need no database, no secret and no server."""
    app = load_app()
    documents = {version: build(app, paths) for version, paths in versions(app).items()}
    return {name: json.dumps(it, indent=2, ensure_ascii=False) for name, it in documents.items()}


def versions(app: FastAPI) -> dict[str, re.Pattern[str]]:
    """Return the versions of the API, and the paths of each one's document."""
    paths = (str(context.path) for context in iter_route_contexts(app.routes))
    later = {match[1] for path in paths if (match := LATER.match(path))}
    return {"v1": FIRST} | {name: re.compile(f"/api/{name}/") for name in sorted(later)}


def load_app() -> FastAPI:
    """Import the app to describe it, not to run it: without a database and a secret."""
    # The app reads these, but no document depends on them.
    os.environ |= {
        "ENVIRONMENT": "development",
        "DATABASE_URL": "postgresql:///unused" if find_spec("asyncpg") else "sqlite:///unused",
        "SECRET_KEY": secrets.token_hex(32),
    }
    with redirect_stdout(sys.stderr):  # the log
        return import_module("app.main").app
