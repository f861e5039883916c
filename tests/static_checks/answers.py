"""Evaluates computed answers, read from `config/computed.yml`."""

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import yaml
from jinja2 import StrictUndefined, Template, meta
from jinja2.sandbox import SandboxedEnvironment

from tests import questions

Row = dict[str, Any]

# Copier's own, but for the loader: computed answers include nothing.
ENVIRONMENT = SandboxedEnvironment(
    extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"], undefined=StrictUndefined
)


@cache
def inputs(name: str) -> frozenset[str]:
    """Return the choices that an answer depends on: for a choice, itself."""
    if questions.is_choice(name):
        return frozenset({name})
    return frozenset().union(*map(inputs, _parents(name)))


def value(name: str, row: Mapping[str, Any]) -> Any:
    """Return the value of a computed answer."""
    if name in row:
        return row[name]
    rendered = _default(name).render({parent: value(parent, row) for parent in _parents(name)})
    is_text = questions.questions()[name]["type"] == "str"
    return rendered if is_text else yaml.safe_load(rendered)


@cache
def values(name: str) -> list[Any]:
    """Return the values of an answer, unless it is free text."""
    if questions.is_choice(name):
        return questions.choices(name)
    names = sorted(inputs(name))
    rows = product(*(questions.choices(choice) for choice in names))
    return sorted({value(name, dict(zip(names, row, strict=True))) for row in rows})


@cache
def texts() -> Row:
    """Return the answers that are free texts or follow from some, as they are by default."""
    asked = questions.questions().items()
    decide = ("preset", "features")
    names = [name for name, question in asked if question["type"] == "str" and name not in decide]
    return {name: value(name, {}) for name in names if not inputs(name)}


@cache
def _parents(name: str) -> frozenset[str]:
    default = str(questions.questions()[name]["default"])
    return frozenset(meta.find_undeclared_variables(ENVIRONMENT.parse(default)))


@cache
def _default(name: str) -> Template:
    return ENVIRONMENT.from_string(str(questions.questions()[name]["default"]))
