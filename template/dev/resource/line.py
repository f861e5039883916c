"""Reads the line of `just resource`."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from app.schemas import base as fields
from app.schemas.pagination import PageQuery
from dev.resource.existing import find_target, has_users
from dev.resource.spec import Field, Resource, ResourceError, Target, plural_of
from dev.resource.words import check_field_name, check_name

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
QUERY_WORDS = {*PageQuery.model_fields, "offset", "sort"}


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
    owned = has_users() and not shared
    own = Target(name, plural, owned)
    found = tuple(read_field(word, own) for word in words)
    check_together(found, owned=owned)
    return Resource(name, plural, found, owned, cached)


def check_together(found: Sequence[Field], *, owned: bool) -> None:
    """Raise `ResourceError` if names are taken twice, or a reference would show a hidden row."""
    for field in found:
        for word in QUERY_WORDS.intersection(field.filters):
            raise ResourceError(f"{word} is a parameter of every list: call the field otherwise.")
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


def read_field(word: str, own: Target) -> Field:
    """Understand `name:type[?][:unique|:index][=default]`."""
    match = FIELD.fullmatch(word)
    if not match:
        raise ResourceError(
            f"{word!r} is not a field: write name:type, such as title:str or due_on:date?."
        )
    name, kind = match["name"], match["type"]
    check_field_name(name, kind)
    arguments = () if match["arguments"] is None else tuple(match["arguments"].split(","))
    if arguments and kind not in {"enum", "ref", "int"}:
        raise ResourceError(f"{name}: {kind} takes nothing in parentheses.")
    options = match["options"].split(":")[1:]
    target = check_type(name, kind, arguments, own)
    check_options(name, kind, arguments, options)
    field = Field(name, kind, arguments, bool(match["null"]), frozenset(options), None, target)
    if target == own and not field.null:
        raise ResourceError(f"{name}: a reference to its own kind needs a `?`: the first has none.")
    return field if match["default"] is None else with_default(field, match["default"])


def check_type(name: str, type: str, arguments: tuple[str, ...], own: Target) -> Target | None:
    """Raise `ResourceError` for an unknown type; return what a `ref` refers to."""
    if type == "ref":
        if len(arguments) != 1 or "" in arguments:
            raise ResourceError(f"{name}: write ref(resource), such as ref(customer).")
        return own if arguments[0] == own.name else find_target(name, arguments[0])
    if type == "enum":
        if not arguments or "" in arguments or len(set(arguments)) < len(arguments):
            raise ResourceError(f"{name}: write the values once each: enum(draft,sent,paid).")
        for value in arguments:
            if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9_-]{0,38}[A-Za-z0-9])?", value):
                raise ResourceError(f"{name}: an enum's value is letters, digits, - and _.")
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
    if low >= high:
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
    few = type in {"bool", "enum"} or (type, arguments) == ("ref", ("user",))
    if "unique" in options and (few or (type == "int" and arguments)):
        raise ResourceError(f"{name}: there are too few values for :unique.")


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
    return replace(field, default=value)
