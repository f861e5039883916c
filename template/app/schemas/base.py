"""Base classes and field types of request and response bodies."""

import datetime as dt
import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)
from pydantic_core import PydanticKnownError

AMOUNT_PATTERN = r"^[0-9]{1,10}(\.[0-9]{1,2})?$"
DATE_PATTERN = "[0-9]{4}-[0-9]{2}-[0-9]{2}"
TIME_PATTERN = r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"


class Input(BaseModel):
    """A request body. Unknown fields are an error."""

    model_config = ConfigDict(extra="forbid")


class Output(BaseModel):
    """A response body, read from a database row."""

    model_config = ConfigDict(from_attributes=True)


def reject_unstorable(text: str) -> str:
    """Reject NUL, which PostgreSQL cannot store, and lone surrogates, which UTF-8 cannot encode."""
    if "\x00" in text:
        raise ValueError("must not contain NUL characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("must not contain lone surrogates") from None
    return text


SafeText = Annotated[
    str, AfterValidator(reject_unstorable), Field(json_schema_extra={"pattern": "^[^\\u0000]*$"})
]


def reject_other_types(value: Any) -> Any:
    """Reject `true` and `"1"` in a body, where the schema says integer."""
    if isinstance(value, bool | str):
        raise PydanticKnownError("int_type")
    return value


def reject_other_spellings(value: Any) -> Any:
    """Reject `1_000` and digits of other scripts in a URL."""
    if isinstance(value, str) and not re.fullmatch("-?[0-9]+", value):
        raise PydanticKnownError("int_parsing")
    return value


# For a body, and for a query; after the bounds: `Annotated[int, Field(ge=1), JSON_INTEGER]`.
JSON_INTEGER = BeforeValidator(reject_other_types)
QUERY_INTEGER = BeforeValidator(reject_other_spellings)


def check_spelling(amount: Any) -> Any:
    """Reject `1e2`, `1_000` and digits of other scripts, which Python would accept."""
    if isinstance(amount, bool) or (
        isinstance(amount, str) and not re.fullmatch(AMOUNT_PATTERN, amount)
    ):
        raise ValueError("must be like 24.90: up to 10 digits, and up to 2 after the point")
    return amount


def in_cents(amount: Decimal) -> Decimal:
    """Return the amount with two decimal places, and zero without a sign."""
    return abs(amount).quantize(Decimal("0.01"))


def check_date(value: Any) -> Any:
    """Reject the numbers and times that Python would accept as a date (RFC 3339 §5.6)."""
    if not isinstance(value, dt.date) and not re.fullmatch(DATE_PATTERN, str(value)):
        raise ValueError("must be a date like 2030-01-31")
    return value


def check_time(value: Any) -> Any:
    """Reject the numbers, and times without a zone, that Python would accept (RFC 3339 §5.6)."""
    pattern = f"{DATE_PATTERN}[Tt]{TIME_PATTERN}"
    if not isinstance(value, dt.datetime) and not re.fullmatch(pattern, str(value)):
        raise ValueError("must be a time with its zone, like 2030-01-31T12:00:00Z")
    return value


def in_utc(time: dt.datetime) -> dt.datetime:
    """Return the same time in UTC."""
    try:
        return time.astimezone(dt.UTC)
    except OverflowError:
        raise ValueError("must be between the years 1 and 9999 in UTC") from None


# An amount of money in a body, as a string: many JSON parsers read numbers as binary fractions.
# Numbers are accepted too.
Price = Annotated[
    Decimal,
    Field(ge=0, max_digits=12, decimal_places=2),
    BeforeValidator(check_spelling),
    AfterValidator(in_cents),
    WithJsonSchema({"type": "string", "pattern": AMOUNT_PATTERN, "examples": ["24.90"]}),
]
# In a response.
Amount = Annotated[Decimal, Field(examples=["24.90"])]

ShortText = Annotated[SafeText, Field(min_length=1, max_length=100, examples=["Teapot"])]
LongText = Annotated[SafeText, Field(max_length=10_000, examples=["Holds one litre."])]
OutputText = Annotated[str, Field(examples=["Teapot"])]

# What every database stores in four bytes.
Integer = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, examples=[12]), JSON_INTEGER]
QueryInteger = Annotated[int, Field(ge=-(2**31), le=2**31 - 1, examples=[12]), QUERY_INTEGER]
OutputInteger = Annotated[int, Field(examples=[12])]

Date = Annotated[dt.date, BeforeValidator(check_date)]
UtcDateTime = Annotated[AwareDatetime, BeforeValidator(check_time), AfterValidator(in_utc)]
