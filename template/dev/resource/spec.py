"""The line of `just resource`: what it may say, and what it means."""

import builtins
import keyword
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy.dialects.postgresql.base import RESERVED_WORDS
from sqlalchemy.dialects.sqlite.base import SQLiteIdentifierPreparer

from app.core.pagination import PageQuery
from app.schemas import fields
from dev.project import ROOT

MAX_LENGTH = 30
NAME = re.compile("[a-z][a-z0-9]*(_[a-z0-9]+)*")
FIELD = re.compile(
    r"(?P<name>[^:]*):(?P<type>[a-z]+)(\((?P<arguments>[^()]*)\))?(?P<null>\?)?"
    r"(?P<options>(:[a-z]+)*)(=(?P<default>.*))?",
    re.DOTALL,
)
# The Pydantic types that default values must fit.
TYPES: dict[str, Any] = {
    "str": fields.ShortText,
    "text": fields.LongText,
    "int": fields.QueryInteger,
    "money": fields.Price,
    "bool": bool,
    "date": fields.Date,
    "datetime": fields.UtcDateTime,
    "uuid": UUID,
}
OPTIONS = {"unique", "index", "counted"}
SQL_WORDS = RESERVED_WORDS | SQLiteIdentifierPreparer.reserved_words
# What every resource has, and what the code of its classes uses.
FIELD_WORDS = {
    *("id", "version", "created_at", "updated_at", "owner", "owner_id", "metadata", "registry"),
    *("str", "int", "bool", "dt", "mapped_column", "offset", "sort"),
    *PageQuery.model_fields,
}
CLASS_WORDS = {"create", "update", "read", "filter", "query"}


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
    guarded: bool
    cached: bool

    @cached_property
    def class_name(self) -> str:
        """The name of the model."""
        return camel(self.name)

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


def read_line(
    name: str, words: Sequence[str], plural: str | None, *, shared: bool, cached: bool
) -> Resource:
    """Understand a line, or raise `ResourceError`."""
    check_name(name, "The name of a resource")
    plural = plural_of(name) if plural is None else plural
    check_name(plural, "The plural")
    if plural == name:
        raise ResourceError(f"The plural must differ from {name}: choose one with --plural.")
    if not words:
        raise ResourceError(f"{name} needs at least one field, such as name:str:unique.")
    has_users = (ROOT / "app/api/auth.py").exists()
    owned = has_users and not shared
    own = Target(name, plural, owned)
    found = tuple(read_field(word, own) for word in words)
    names = [n for field in found for n in {field.column, *field.filters}]
    for twice in sorted(names):
        if names.count(twice) > 1:
            raise ResourceError(f"Two fields are called {twice}, or have a filter of that name.")
    for field in found:
        if field.target and field.target.owned and not owned:
            raise ResourceError(
                f"{field.name}: rows of {field.target.name} belong to their owners, so rows that"
                " all users share cannot refer to them."
            )
    return Resource(name, plural, found, owned, has_users and not owned, cached)


def check_name(name: str, what: str) -> None:
    """Raise `ResourceError` unless the word can be a name in Python, SQL and a URL."""
    if not NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        raise ResourceError(
            f"{what} must be snake_case, of at most {MAX_LENGTH} letters and digits: not {name!r}."
        )
    if keyword.iskeyword(name) or name in dir(builtins):
        raise ResourceError(f"{what} must not be {name}: Python has that word.")
    if name in SQL_WORDS:
        raise ResourceError(f"{what} must not be {name}: SQL reserves that word.")


def read_field(word: str, own: Target) -> Field:
    """Understand `name:type[?][:unique|:index][=default]`."""
    match = FIELD.fullmatch(word)
    if not match:
        raise ResourceError(
            f"{word!r} is not a field: write name:type, such as title:str or due_on:date?."
        )
    name, kind = match["name"], match["type"]
    check_field_name(name)
    arguments = tuple((match["arguments"] or "").split(",")) if match["arguments"] else ()
    if match["arguments"] == "" or (arguments and kind not in {"enum", "ref", "int"}):
        raise ResourceError(f"{name}: {kind} takes nothing in parentheses.")
    options = match["options"].split(":")[1:]
    target = check_type(name, kind, arguments, own)
    check_options(name, kind, arguments, options)
    field = Field(name, kind, arguments, bool(match["null"]), frozenset(options), None, target)
    if target == own and not field.null:
        raise ResourceError(f"{name}: a reference to its own kind needs a `?`: the first has none.")
    return field if match["default"] is None else with_default(field, match["default"])


def check_field_name(name: str) -> None:
    """Raise `ResourceError` for a name that a field cannot have."""
    if not NAME.fullmatch(name) or len(name) > MAX_LENGTH:
        raise ResourceError(
            f"A field's name must be snake_case, of at most {MAX_LENGTH} letters and digits:"
            f" not {name!r}."
        )
    if name in FIELD_WORDS or name.startswith("model_") or hasattr(BaseModel, name):
        raise ResourceError(f"A field must not be called {name}: every resource uses that name.")
    if keyword.iskeyword(name) or name in SQL_WORDS:
        raise ResourceError(f"A field must not be called {name}: Python or SQL reserves that word.")


def check_type(name: str, type: str, arguments: tuple[str, ...], own: Target) -> Target | None:
    """Raise `ResourceError` for an unknown type; return what a `ref` refers to."""
    if type == "ref":
        if len(arguments) != 1:
            raise ResourceError(f"{name}: write ref(resource), such as ref(customer).")
        if name == own.name:
            raise ResourceError(f"{name}: a reference must not have the name of the resource.")
        return own if arguments[0] == own.name else find_target(name, arguments[0])
    if type == "enum":
        if not arguments or len(set(arguments)) < len(arguments):
            raise ResourceError(f"{name}: write the values once each: enum(draft,sent,paid).")
        for value in arguments:
            if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?", value):
                raise ResourceError(
                    f"{name}: an enum's value has up to 40 letters, digits, - and _: not {value!r}."
                )
        if name in CLASS_WORDS:
            raise ResourceError(f"An enum must not be called {name}: a schema has that name.")
    elif type not in TYPES:
        raise ResourceError(f"{name}: there is no type {type}: take {', '.join(TYPES)}, enum, ref.")
    elif arguments:
        check_bounds(name, arguments)
    return None


def check_bounds(name: str, arguments: tuple[str, ...]) -> None:
    """Raise `ResourceError` unless these are two numbers of 32 bits."""
    adapter = TypeAdapter(fields.QueryInteger)
    try:
        low, high = (adapter.validate_python(text) for text in arguments)
    except ValueError:
        low = high = 0
    if low >= high or name in CLASS_WORDS:
        raise ResourceError(f"{name}: write the smallest and the largest number: int(0,1000).")


def check_options(name: str, type: str, arguments: tuple[str, ...], options: Sequence[str]) -> None:
    """Raise `ResourceError` for an unknown option, or one that the type does not have."""
    if len(options) > 1:
        raise ResourceError(f"{name}: write one of :unique and :index, not both.")
    for option in options:
        if option not in OPTIONS:
            raise ResourceError(f"{name}: there is no option {option}: take unique or index.")
        if option == "counted":
            if type != "int" or not (arguments and int(arguments[0]) <= 0 < int(arguments[1])):
                raise ResourceError(f"{name}: counted is for numbers from 0, such as int(0,1000).")
        elif type == "text":
            raise ResourceError(f"{name}: text is too long for an index: take str.")
    is_user = type == "ref" and arguments == ("user",)
    if "unique" in options and (
        type in {"bool", "enum"} or is_user or (type == "int" and arguments)
    ):
        raise ResourceError(f"{name}: there are too few values for :unique.")


def find_target(name: str, target: str) -> Target:
    """Find a resource whose tests have a factory that works through the API."""
    model = ROOT / f"app/models/{target}.py"
    text = model.read_text(encoding="utf-8") if NAME.fullmatch(target) and model.exists() else ""
    table = re.search(rf'class {camel(target)}\(.*?__tablename__ = "(\w+)"', text, re.DOTALL)
    if table is None:
        raise ResourceError(f"{name}: there is no resource {target} to refer to.")
    if target == "user":
        return Target("user", "users")
    factories = ROOT / f"tests/{table[1]}/factories.py"
    factory = f"async def make_{target}(client: AsyncClient, **fields: Any)"
    if not factories.exists() or factory not in factories.read_text(encoding="utf-8"):
        raise ResourceError(
            f"{name}: {target} was not made by `just resource`, and the tests could not make rows"
            f" of it: add `{factory}` to tests/{table[1]}/factories.py."
        )
    return Target(target, table[1], "owner_id:" in text)


def with_default(field: Field, text: str) -> Field:
    """Read the default value, which must be one that the API would accept."""
    if field.target or "unique" in field.options:
        raise ResourceError(f"{field.name}: a reference or a unique field can have no default.")
    value: Any = text
    if field.type == "enum":
        valid = text in field.arguments
    elif field.type == "bool":
        valid, value = text in {"true", "false"}, text == "true"
    else:
        try:
            value, valid = TypeAdapter(TYPES[field.type]).validate_python(text), True
        except ValidationError:
            valid = False
    if valid and field.bounds:
        valid = field.bounds[0] <= value <= field.bounds[1]
    if not valid:
        raise ResourceError(f"{field.name}: {text!r} is not a value of its type.")
    return Field(
        field.name, field.type, field.arguments, field.null, field.options, value, field.target
    )


def check_free(resource: Resource, files: Sequence[str], words: set[str]) -> None:
    """Raise `ResourceError` if the project has such a file, table or route already."""
    name, plural = resource.name, resource.plural
    for word in (name, plural, resource.class_name, camel(plural)):
        if word in words or "specimen" in word.lower():
            raise ResourceError(f"{word} is a word that the code of every resource uses.")
    for file in files:
        if (ROOT / file).exists():
            raise ResourceError(f"{file} exists already.")
    if (ROOT / f"tests/{plural}").exists():
        raise ResourceError(f"tests/{plural} exists already.")
    for model in sorted((ROOT / "app/models").glob("*.py")):
        if f'__tablename__ = "{plural}"' in model.read_text(encoding="utf-8"):
            raise ResourceError(f"The table {plural} exists already.")
    if f'prefix="/{plural}"' in _texts(ROOT / "app/api/v1") or plural in {"docs", "openapi"}:
        raise ResourceError(f"The path /api/v1/{plural} is taken already.")


def _texts(folder: Path) -> str:
    return "\n".join(file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.py")))
