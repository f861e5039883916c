"""Reads the questions as Copier does, so that tests need no list of them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from copier._template import load_template_config

ROOT = Path(__file__).parents[1]


@cache
def config(template: Path = ROOT) -> dict[str, Any]:
    """Return the parsed `copier.yml` of a template, with the files that it includes."""
    return load_template_config(template / "copier.yml")


@cache
def asked() -> dict[str, dict[str, Any]]:
    """Return the questions that users may answer."""
    return {name: question for name, question in questions().items() if not is_computed(question)}


def computed() -> dict[str, dict[str, Any]]:
    """Return the answers that follow from others."""
    return {name: question for name, question in questions().items() if is_computed(question)}


@cache
def questions() -> dict[str, dict[str, Any]]:
    """Return every question, in order."""
    return {name: value for name, value in config().items() if not name.startswith("_")}


def is_computed(question: dict[str, Any]) -> bool:
    """Return whether an answer is computed, never asked for."""
    return question.get("when") is False


def toggles() -> list[str]:
    """Return the names of the features that are switched on and off."""
    return [name for name, question in asked().items() if question["type"] == "bool"]


def conditions() -> list[str]:
    """Return the names a template may put into `{% if %}`."""
    return [name for name, question in questions().items() if question["type"] == "bool"]


def choices(name: str) -> list[Any]:
    """Return the values a question can take."""
    question = questions()[name]
    if question["type"] == "bool":
        return [False, True]
    listed = question["choices"]
    return list(listed.values()) if isinstance(listed, dict) else list(listed)


def is_choice(name: str) -> bool:
    """Return whether an answer is one of a few, and follows from no other."""
    question = asked().get(name, {})
    if name in ("preset", "features"):  # They decide the toggles.
        return False
    return question.get("type") == "bool" or "choices" in question


def features() -> dict[str, str]:
    """Return what each toggle brings, as the list of features says it."""
    return {name: label.partition(": ")[2] for label, name in questions()["features"]["choices"]}


def presets() -> list[str]:
    """Return the presets that decide the toggles."""
    return [name for name in choices("preset") if name != "custom"]


@cache
def preset_features(preset: str) -> list[str]:
    """Return the toggles a preset switches on."""
    return json.loads(questions()["presets"]["default"])[preset]


def requires() -> dict[str, str]:
    """Return the toggles that require another one, and that one."""
    return json.loads(questions()["requires"]["default"])


def exclusions(known: dict[str, Any] | None = None) -> dict[str, list[str]]:
    """Return the paths that each condition owns, by condition."""
    owned: dict[str, list[str]] = {}
    for entry in (known or config())["_exclude"]:
        first, *patterns = entry.splitlines()
        if first.startswith("{%"):
            owned[first.split()[2]] = [line for line in patterns if not line.startswith("{%")]
    return owned
