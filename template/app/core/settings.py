"""How settings are read: from the environment, then `.env`, with errors that name the variable."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.env_file import check_env_file

T = TypeVar("T")

# A list that is JSON, and not an IPv6 address in brackets.
JSON_LIST = re.compile(r"""\s*\[\s*(?:["']|\]|$)""")


class SettingsError(Exception):
    """A setting is missing or wrong. The message names the variable and shows no value."""


class EnvSettings(BaseSettings):
    """Base of every settings class. Field `database_url` is the variable `DATABASE_URL`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors put a mark at the start
        enable_decoding=False,  # lists are read by `split`
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @classmethod
    def load(cls) -> Self:
        """Read the settings, or raise `SettingsError`."""
        check_env_files(cls)
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError("; ".join(describe(error))) from None


def check_settings() -> None:
    """Read all settings classes that are imported: one `SettingsError` names all that is wrong."""
    check_env_files(EnvSettings)
    found: dict[str, None] = {}  # a set in order: classes share variables
    for each in descendants(EnvSettings):
        try:
            each()
        except ValidationError as error:
            found |= dict.fromkeys(describe(error))
    if found:
        raise SettingsError("; ".join(found))


def descendants(settings: type[EnvSettings]) -> Iterator[type[EnvSettings]]:
    """Yield the settings classes below this one."""
    for child in settings.__subclasses__():
        yield child
        yield from descendants(child)


def check_env_files(settings: type[EnvSettings]) -> None:
    """Raise `SettingsError` if `.env` is not UTF-8."""
    name = settings.model_config.get("env_file")
    if isinstance(name, str):
        try:
            check_env_file(Path(name))
        except ValueError as error:
            raise SettingsError(str(error)) from None


def describe(error: ValidationError) -> list[str]:
    """Each variable with what is wrong about it."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else ""
        message = fault["msg"].removeprefix("Value error, ")
        faults.append(f"{name}: {message}" if name else message)
    return faults


def split(value: Any) -> Any:
    """Read a list written as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    if JSON_LIST.match(value):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON list nor separated by commas") from None
    return [part.strip() for part in value.split(",") if part.strip()]


CommaSeparated = Annotated[list[T], BeforeValidator(split)]
