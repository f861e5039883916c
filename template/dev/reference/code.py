"""The errors, commands, metrics and events, as the code defines them."""

import argparse
import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from re import compile as pattern
from typing import Any

from fastapi import FastAPI

from app.api.errors import CODES, framework_detail
from app.cli import parser
from app.core.exceptions import AppError
from dev.project import ROOT

GENERAL = ("app.core.exceptions", "app.api.errors")
EVENT_NAME = pattern(r"[a-z_]+\.[a-z_]+")


def errors() -> list[tuple[str, str, str]]:
    """Return the code, status and meaning of each error, by status."""
    found = {code: (status, framework_detail(status)) for status, code in CODES.items()}
    # Several errors may share a code: the most general one describes it.
    classes = sorted(
        _subclasses(AppError), key=lambda error: (error.__module__ not in GENERAL, str(error))
    )
    for error in [AppError, *classes]:
        if "code" in vars(error):
            found.setdefault(error.code, (error.status, error.detail))
    by_status = sorted(found.items(), key=lambda entry: (entry[1][0], entry[0]))
    return [(f"`{code}`", str(status), detail) for code, (status, detail) in by_status]


def _subclasses(error: type[AppError]) -> Iterator[type[AppError]]:
    for each in error.__subclasses__():
        if each.__module__.startswith("app."):
            yield each
            yield from _subclasses(each)


def commands() -> Iterator[tuple[str, str]]:
    """Yield the subcommands of `python -m app`, and what each does."""
    for action in parser()._actions:
        if isinstance(action, argparse._SubParsersAction):
            for choice in action._choices_actions:
                yield f"`python -m app {choice.dest}`", choice.help or ""


def recipes(root: Path = ROOT) -> Iterator[tuple[str, str]]:
    """Yield the recipes of the justfile, in its order, and the comment above each."""
    command = [Path(sys.executable).with_name("just"), "--dump", "--dump-format", "json"]
    dumped = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    text = (root / "justfile").read_text(encoding="utf-8")
    found = json.loads(dumped)["recipes"].values()
    for recipe in sorted(found, key=lambda recipe: text.index(f"\n{recipe['name']}")):
        if not recipe["private"]:
            words = [recipe["name"], *(_parameter(each) for each in recipe["parameters"])]
            yield f"`just {' '.join(words)}`", recipe["doc"] or ""


def _parameter(parameter: dict[str, str]) -> str:
    name = parameter["name"].upper()
    return name if parameter["kind"] == "singular" else f"[{name}…]"


def metrics(app: FastAPI) -> list[tuple[str, str, str, str]]:
    """Return the name, type, labels and meaning of each metric; none without the feature."""
    families: list[Any] = []
    known: dict[str, tuple[str, ...]] = {}
    if hasattr(app.state, "metrics") and find_spec("app.observability.metrics"):
        definitions = import_module("app.observability.metrics.definitions")
        known = definitions.LABELS
        families += definitions.REGISTRY.collect()
        families += import_module("app.observability.metrics.endpoint").process_metrics(None)
        for collector in app.state.metrics.collectors:
            families += getattr(collector, "describe", list)()
    return [
        (
            f"`{family.name}_total`" if family.type == "counter" else f"`{family.name}`",
            family.type,
            ", ".join(f"`{label}`" for label in _labels(family, known)),
            family.documentation,
        )
        for family in sorted(families, key=lambda family: family.name)
    ]


def _labels(family: Any, known: dict[str, tuple[str, ...]]) -> Iterable[str]:
    """Return the labels of a metric: as it was defined, else as it was collected."""
    return known.get(family.name) or [label for each in family.samples[:1] for label in each.labels]


def events(root: Path = ROOT) -> list[tuple[str, str]]:
    """Return the events that users get by WebSocket, each with the schema of its object."""
    if not find_spec("app.websocket"):
        return []
    found = set[tuple[str, str]]()
    for file in (root / "app").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        found |= {(name, model) for name in _names(tree) for model in _models(tree, name)}
    return sorted((f"`{name}`", f"`{model}`") for name, model in found)


def _names(tree: ast.Module) -> set[str]:
    """Return the strings of a module that have the form of an event's name."""
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return {text for text in values if isinstance(text, str) and EVENT_NAME.fullmatch(text)}


def _models(tree: ast.Module, name: str) -> Iterator[str]:
    """Yield the model of each `Event(name, user_id, model, row)` that may have this name."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name("Event"), args=[first, _, ast.Name(model), _]):
                if not isinstance(first, ast.Constant) or first.value == name:
                    yield model
