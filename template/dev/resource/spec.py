"""A resource: its names and fields."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

NAME = re.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*")


class ResourceError(Exception):
    """The line cannot be carried out. The message is a sentence that says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """The resource that a `ref` refers to."""

    name: str
    plural: str
    owned: bool = False


@dataclass(frozen=True)
class Field:
    """A field of the line."""

    name: str
    type: str
    arguments: tuple[str, ...] = ()
    null: bool = False
    options: frozenset[str] = frozenset()
    default: Any = None
    target: Target | None = None

    @property
    def column(self) -> str:
        """The name of the column, and in the API."""
        return f"{self.name}_id" if self.target else self.name

    @property
    def bounds(self) -> tuple[int, int] | None:
        """The smallest and the largest value of `int(smallest,largest)`."""
        if self.type != "int" or not self.arguments:
            return None
        return int(self.arguments[0]), int(self.arguments[1])

    @property
    def filters(self) -> list[str]:
        """The query parameters of the list that filter by the field."""
        counted = [f"in_{self.name}"] if "counted" in self.options else []
        if self.type in {"int", "money", "date", "datetime"}:
            return [f"min_{self.name}", f"max_{self.name}", *counted]
        return [] if self.type == "text" else [self.column]


@dataclass(frozen=True)
class Resource:
    """A resource: its names and fields."""

    name: str
    plural: str
    fields: tuple[Field, ...]
    owned: bool
    cached: bool

    @cached_property
    def class_name(self) -> str:
        """The name of the model."""
        return camel(self.name)

    @property
    def title(self) -> str:
        """The tag of the API document."""
        return self.plural.replace("_", " ").capitalize()

    @property
    def references(self) -> list[tuple[Field, Target]]:
        """The fields that refer to another row, and what they refer to."""
        return [(field, field.target) for field in self.fields if field.target]


def camel(name: str) -> str:
    """Turn `price_list` into `PriceList`."""
    return "".join(word.capitalize() for word in name.split("_"))


def plural_of(name: str) -> str:
    """Return the plural by the simple rules of English."""
    if re.search("[^aeiou]y$", name):
        return f"{name[:-1]}ies"
    return f"{name}es" if re.search("(s|x|z|ch|sh)$", name) else f"{name}s"
