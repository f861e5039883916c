"""The settings: names, defaults and descriptions of `.env.example`, types of the classes."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from app.core.settings import EnvSettings, descendants

ASSIGNMENT = re.compile(r"([A-Z][A-Z0-9_]*)=(.*)")
# Where those of the project begin.
OWN_SETTINGS = "# project settings\n"
BOUNDS = {"ge": "≥ {}", "gt": "> {}", "le": "≤ {}", "lt": "< {}"}
KINDS = {bool: "`true` or `false`", int: "whole number", float: "number", SecretStr: "secret"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A line of `.env.example`, and the comment above it."""

    name: str
    default: str
    description: str


def settings_table(example: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, type, default and description of each setting in an example file."""
    fields: dict[str, FieldInfo] = {}
    for each in descendants(EnvSettings):
        for name, field in each.model_fields.items():
            fields.setdefault(name.upper(), field)
    for setting in read_example(example):
        default = f"`{setting.default}`" if setting.default else "none"
        if (field := fields.get(setting.name)) and field.is_required():
            default = "required"
        field = fields.get(setting.name.removeprefix("TEST_"))
        kind = type_of(field.annotation, field.metadata) if field else "text"
        yield f"`{setting.name}`", kind, default, setting.description


def read_example(text: str) -> Iterator[Setting]:
    """Yield each variable of an example file with the comment right above it."""
    comment: list[str] = []
    for line in text.replace(OWN_SETTINGS, "").splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
            continue
        if found := ASSIGNMENT.fullmatch(line):
            yield Setting(found[1], found[2], " ".join(comment))
        comment = []


def type_of(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """Describe a type, with its bounds."""
    arguments = get_args(annotation)
    if hasattr(annotation, "__metadata__"):
        return type_of(arguments[0], [*annotation.__metadata__, *metadata])
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if get_origin(annotation) in {list, dict}:
        return "list" if get_origin(annotation) is list else "JSON object"
    if type(None) in arguments:
        (present,) = [each for each in arguments if each is not type(None)][:1]
        return type_of(present, metadata)
    limits = [text.format(value) for text, value in _bounds(metadata)]
    return ", ".join([KINDS.get(annotation, "text"), *limits])


def _bounds(metadata: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for each in metadata:
        if isinstance(each, FieldInfo):
            yield from _bounds(each.metadata)
        for name, text in BOUNDS.items():
            if (value := getattr(each, name, None)) is not None:
                yield text, value
