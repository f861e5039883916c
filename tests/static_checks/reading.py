"""Checks the format of a rendered text, and our own rules."""

import ast
import json
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import yaml

from tests.static_checks.template import Source
from tests.static_checks.variants import Variant

LEFT_OVER = re.compile(r"(?<!\$){[{%#]")
# Only Python may have two blank lines in a row, which ruff checks.
UNTIDY = re.compile(r"\n\n\Z|\A\s*\n|\n{4}|[^\n]\Z")
# Python has two blank lines in a row, and templates of mails are Jinja.
SHOWN_CODE = re.compile(r"```(?:python|jinja)\n.*?```", re.DOTALL)
UNTIDY_TEXT = re.compile(r"\n\n\Z|\A\s*\n|\n{3}|[^\n]\Z")
ANCHOR = re.compile(r" *# project (?:\w+ )?\w+")
ASSIGNED = re.compile(r"^([A-Z_]+)=", re.MULTILINE)


class Strict(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """A YAML loader that refuses duplicate keys, as the YAML specification demands."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """Construct a mapping, unless a key is duplicate."""
        keys = [key.value for key, _ in node.value]
        if twice := [key for key, times in Counter(keys).items() if times > 1]:
            message = f"twice in a mapping: {', '.join(twice)}"
            raise yaml.MarkedYAMLError(problem=message, problem_mark=node.start_mark)
        return super().construct_mapping(node, deep)


def yaml_documents(text: str) -> list[Any]:
    """Parse a YAML file of any number of documents."""
    return list(yaml.load_all(text, Loader=Strict))


def assignments(text: str) -> list[str]:
    """Parse the names in a file of variables, each of which may occur once."""
    names = ASSIGNED.findall(text)
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"assigned twice: {', '.join(twice)}")
    return names


READERS: dict[str, Callable[[str], Any]] = {
    ".py": ast.parse,
    ".toml": tomllib.loads,
    ".json": json.loads,
    ".yml": yaml_documents,
    ".yaml": yaml_documents,
    ".env": assignments,
    ".example": assignments,
}


def reader(variant: Variant) -> Callable[[str], Any] | None:
    """Return the parser for a file of that name."""
    return READERS.get(PurePath(variant.source.output).suffix)


def unreadable(variant: Variant) -> Iterator[str]:
    """Yield the format errors of a text."""
    read = reader(variant)
    try:
        empty = read is not None and variant.text and read(variant.text) in ({}, [], [None])
    except (SyntaxError, ValueError, yaml.YAMLError) as error:
        yield f"{variant}: cannot be read: {error}"
    else:
        if empty:
            yield f"{variant}: says nothing"


def leftovers(variant: Variant) -> Iterator[str]:
    """Yield leftovers of a condition in a text."""
    if not variant.source.is_template:
        return
    if not variant.text.strip():
        yield f"{variant}: is a husk"
    untidy = UNTIDY if variant.source.output.endswith(".py") else UNTIDY_TEXT
    is_page = variant.source.output.endswith(".md")
    text = SHOWN_CODE.sub("code", variant.text) if is_page else variant.text
    if found := untidy.search(text):
        yield f"{variant}: has superfluous blank lines at {found.start()}"
    if found := LEFT_OVER.search(text):
        yield f"{variant}: has unrendered Jinja at {text[found.start() :][:20]!r}"


def anchors(source: Source) -> list[str]:
    """Return the anchor comments of a source, which separate user's additions from updates."""
    return [line.text for line in source.lines if ANCHOR.fullmatch(line.text)]


def missing_anchors(variant: Variant) -> Iterator[str]:
    """Yield the anchors that a text lacks."""
    lines = variant.text.splitlines()
    for anchor in anchors(variant.source):
        if lines.count(anchor) != 1:
            yield f"{variant}: lacks the anchor {anchor.strip()!r}"
