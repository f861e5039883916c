"""Renders single files in a millisecond each, without copying a project."""

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.sandbox import SandboxedEnvironment
from pathspec import GitIgnoreSpec

from tests import questions
from tests.combinations import Answers
from tests.rendering import working_tree

ANSWERS_FILE = "{{_copier_conf.answers_file}}.jinja"


@cache
def environment() -> SandboxedEnvironment:
    """Return a Jinja environment with the options of copier.yml."""
    options = questions.config()["_envops"] | {"undefined": StrictUndefined}
    extensions = ["jinja2_ansible_filters.AnsibleCoreFiltersExtension"]
    return SandboxedEnvironment(extensions=extensions, **options)


@cache
def template(text: str) -> Template:
    """Return a text of copier.yml as a template of Jinja."""
    return environment().from_string(text)


def answers(**given: Any) -> Answers:
    """Return all answers: the given and the computed ones."""
    known: Answers = {}
    for name, question in questions.questions().items():
        if name in given:
            known[name] = given[name]
            continue
        default = question["default"]
        if isinstance(default, str):
            default = template(default).render(known, _copier_answers=known | given)
        known[name] = cast(question["type"], default)
    return known


def cast(kind: str, value: Any) -> Any:
    """Convert a default to the type of its question."""
    if kind == "bool" and isinstance(value, str):
        return value.strip().lower() == "true"
    if kind == "json" and isinstance(value, str):
        return json.loads(value)
    return value


@cache
def sources() -> dict[str, str]:
    """Return the templates that answers change, by the path they are rendered to."""
    found = {}
    for name in working_tree():
        before, top, path = name.partition("template/")
        if top and not before and path.endswith(".jinja") and path != ANSWERS_FILE:
            found[path.removesuffix(".jinja")] = (questions.ROOT / name).read_text()
    return found


@cache
def owned() -> dict[str, GitIgnoreSpec]:
    """Return the path patterns of each condition."""
    table = questions.exclusions().items()
    return {name: GitIgnoreSpec.from_lines(paths) for name, paths in table if name[0] != "_"}


def owners(paths: Iterable[str]) -> set[str]:
    """Return the conditions that some of these files of a project belong to."""
    listed = list(paths)
    return {name for name, spec in owned().items() if any(spec.match_files(listed))}


def rendered(known: Answers) -> Iterator[tuple[str, str]]:
    """Yield path and text of each rendered file whose text depends on answers."""
    absent = [spec for name, spec in owned().items() if known[name] is False]
    for path, source in sources().items():
        if not any(spec.match_file(path) for spec in absent):
            yield path, template(source).render(known)
