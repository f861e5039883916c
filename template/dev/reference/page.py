"""The text of docs/reference.md."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pkgutil import walk_packages

import app as package
from app.cli import load_app
from app.core.settings import SettingsError
from dev.project import ROOT
from dev.reference.code import commands, errors, events, metrics, recipes
from dev.reference.settings import settings_table

INTRODUCTION = """\
# Reference

Read from the code: `just reference` writes this page, and `just check` fails when it is stale.
"""
SETTINGS = """\
## Settings

From the environment, then `.env`. A list is written as JSON or separated by commas.
"""
ERRORS = """\
## Error codes

The member `code` of a problem (RFC 9457). In the API document each operation lists its own.
"""
COMMANDS = """\
## Commands of the service

With `--help`, each lists its options.
"""
RECIPES = """\
## Commands of the project

`uv run just` runs them; `just` alone does if it is installed.
"""
METRICS = """\
## Metrics

`/metrics` shows them to Prometheus.
"""
EVENTS = """\
## Events

A user gets them by WebSocket, in the channel `user:<id>`.
"""


def page() -> str:
    """Return the page. It needs no database, no secret and no server."""
    app = load_app()
    _import_all()
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    sections = [
        table(SETTINGS, ("Setting", "Type", "Default", "What it does"), settings_table(example)),
        table(ERRORS, ("Code", "Status", "Meaning"), errors()),
        table(COMMANDS, ("Command", "Does"), commands()),
        table(RECIPES, ("Command", "Does"), recipes()),
        table(METRICS, ("Metric", "Type", "Labels", "Meaning"), metrics(app)),
        table(EVENTS, ("Event", "Schema of its object"), events()),
    ]
    return "\n".join([INTRODUCTION, *filter(None, sections)])


def _import_all() -> None:
    """Import what defines settings and errors: also what only a server or a worker imports."""
    for module in walk_packages(package.__path__, "app."):
        if not module.name.endswith("__main__"):
            with suppress(SettingsError):  # that of a worker wants a broker
                import_module(module.name)


def table(heading: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a section with a table; nothing without rows."""
    lines = [_line(row) for row in rows]
    return "\n".join([heading, _line(head), _line(["---"] * len(head)), *lines, ""]) * bool(lines)


def _line(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", r"\|") for cell in cells)
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in escaped)
