"""What the types of fields are in Python, in SQL, in JSON and in the tests."""

import datetime as dt
import json
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from dev.resource.spec import Field, Resource, Target, camel


@dataclass(frozen=True, slots=True)
class Kind:
    """Source text: the types of the layers, and values for the tests.

    `value` is an ordinary value and `other` another one; `below` and `above` are next to it;
    `unique` is a new value each time, and `bad` are refused.
    """

    python: str
    column: str
    input: str
    output: str
    value: str
    other: str
    unique: str
    bad: tuple[str, ...]
    query: str = ""
    below: str = ""
    above: str = ""


KINDS = {
    "str": Kind(
        "str",
        "String(100)",
        "ShortText",
        "OutputText",
        '"Some"',
        '"Another"',
        'f"Value {next(numbers)}"',
        ('""', '"a" * 101', r'"\x00"', "7"),
    ),
    "text": Kind(
        "str",
        "Text",
        "LongText",
        "OutputText",
        '"Some words"',
        '"Another"',
        "",
        ('"a" * 10_001', r'"\x00"', "7"),
    ),
    "int": Kind(
        "int",
        "",
        "Integer",
        "OutputInteger",
        "5",
        "6",
        "next(numbers)",
        ("2**31", "-(2**31) - 1", '"5"', "1.5"),
        "QueryInteger",
        "5",
        "7",
    ),
    "money": Kind(
        "Decimal",
        "Money",
        "Price",
        "Amount",
        '"9.90"',
        '"19.90"',
        'f"{next(numbers)}.00"',
        ('"-0.01"', '"1.001"', '"10000000000"'),
        below='"19.89"',
        above='"19.91"',
    ),
    "bool": Kind("bool", "", "StrictBool", "bool", "True", "False", "", ('"yes"', "1"), "bool"),
    "date": Kind(
        "dt.date",
        "",
        "Date",
        "dt.date",
        '"2030-01-31"',
        '"2031-01-31"',
        "str(dt.date(2000, 1, 1) + dt.timedelta(days=next(numbers)))",
        ('"2030-02-30"', "0"),
        below='"2031-01-30"',
        above='"2031-02-01"',
    ),
    "datetime": Kind(
        "dt.datetime",
        "Timestamp",
        "UtcDateTime",
        "dt.datetime",
        '"2030-01-31T12:00:00Z"',
        '"2031-01-31T12:00:00Z"',
        'f"{dt.date(2000, 1, 1) + dt.timedelta(days=next(numbers))}T12:00:00Z"',
        ('"2030-01-31T12:00:00"', '"0001-01-01T00:00:00+23:59"', "0"),
        below='"2031-01-31T11:59:59Z"',
        above='"2031-01-31T12:00:01Z"',
    ),
    "uuid": Kind(
        "UUID",
        "",
        "UUID",
        "UUID",
        '"0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a60"',
        '"0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a61"',
        "str(uuid4())",
        ('"no-id"', "7"),
        below='"0198c5a4-6f0e-7c3b-9d51-2b7c8e4f1a62"',
    ),
}


def kind_of(resource: Resource, field: Field) -> Kind:
    """Return the kind of a field, with its own bounds, values or target."""
    alias = resource.class_name + camel(field.name)
    if field.target:
        return reference(field.target)
    if field.type == "enum":
        values = [quoted(value) for value in field.arguments]
        column = f"String({max(20, *map(len, field.arguments))})"
        return Kind("str", column, alias, alias, values[0], values[-1], "", ('"no such"',), alias)
    if field.bounds:
        low, high = field.bounds
        return replace(
            KINDS["int"],
            input=alias,
            query=f"{alias}Query",
            value=str(low),
            other=str(low + 1),
            bad=(str(low - 1), str(high + 1), '"5"', "1.5"),
            below=str(low),
            above=str(low + 2) if low + 2 <= high else "",
        )
    return KINDS[field.type]


def reference(target: Target) -> Kind:
    """Return the kind of a field that refers to another row."""
    own = f'(await make_{target.name}(client))["id"]'
    if target.name == "user":
        own = '(await client.get("/api/v1/users/me")).json()["id"]'
    key = f'ForeignKey("{target.plural}.id")'
    return Kind("UUID", key, "UUID", "UUID", own, "", own, ('"no-id"',))


def quoted(text: str) -> str:
    """Write a string in double quotes."""
    return json.dumps(text, ensure_ascii=False)


def source(value: Any) -> str:
    """Write a default value in Python."""
    match value:
        case str():
            return quoted(value)
        case dt.datetime():
            return (
                repr(value.replace(tzinfo=None)).replace("datetime.", "dt.")[:-1]
                + ", tzinfo=dt.UTC)"
            )
        case dt.date():
            return f"dt.date({value.year}, {value.month}, {value.day})"
        case UUID():
            return f'UUID("{value}")'
    return repr(value).replace("'", '"')
