"""Reads settings from the environment, then `.env`, with errors that name the variable."""

import json
import os
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

T = TypeVar("T")
S = TypeVar("S", bound="EnvSettings")

# A list that is JSON, and not an IPv6 address in brackets.
JSON_LIST = re.compile(r"""\s*\[\s*(?:["']|\]|$)""")


class SettingsError(Exception):
    """A setting is missing or wrong. The message names the variable and shows no value."""


class EnvSettings(BaseSettings):
    """Base of every settings class. Field `database_url` is the variable `DATABASE_URL`."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8-sig",  # some editors put a mark at the start
        enable_decoding=False,  # lists are read by `split_list`
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
        arbitrary_types_allowed=True,
    )

    @classmethod
    def load(cls) -> Self:
        """Read the settings, or raise `SettingsError`."""
        return _load(cls)[0]


def check_settings() -> None:
    """Read all settings classes that are imported: one `SettingsError` names all that is wrong."""
    _load(*descendants(EnvSettings))


def _load(*classes: type[S]) -> list[S]:
    """Read settings classes, or raise `SettingsError`, which names each wrong variable once."""
    loaded, messages = list[S](), dict[str, None]()  # an ordered set: classes share variables
    content = b""
    if isinstance(file := EnvSettings.model_config.get("env_file"), str):
        try:
            content = read_env_file(Path(file))
        except ValueError as error:
            raise SettingsError(str(error)) from None
    variables = frozenset(os.environ.items())
    for each in classes:
        try:
            loaded.append(_parse(each, variables, content))
        except ValidationError as error:
            messages |= dict.fromkeys(format_validation_error(error))
    if messages:
        raise SettingsError("; ".join(messages))
    return loaded


@lru_cache(maxsize=128)
def _parse(settings: type[S], variables: frozenset[tuple[str, str]], env_file: bytes) -> S:
    """Read a settings class; its environment is the key of the cache."""
    return settings()


def read_env_file(path: Path) -> bytes:
    """Return the content of a `.env` file, empty if there is none.

    Raises `ValueError`, which names the file and the line, unless it is UTF-8.
    """
    if not path.is_file():
        return b""
    try:
        content = path.read_bytes()
        content.partition(b"\0")[0].decode("utf-8-sig")
        position = content.find(b"\0")  # every other byte in UTF-16
    except OSError as error:
        raise ValueError(f"{path.name}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        position = error.start
    if position >= 0:
        line = content.count(b"\n", 0, position) + 1
        raise ValueError(f"{path.name}, line {line}: is not UTF-8; save the file as UTF-8")
    return content


def descendants(settings: type[EnvSettings]) -> Iterator[type[EnvSettings]]:
    """Yield the settings classes below this one."""
    for child in settings.__subclasses__():
        yield child
        yield from descendants(child)


def format_validation_error(error: ValidationError) -> Iterator[str]:
    """Yield a message for each wrong variable, without its value."""
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = f"{fault['loc'][0]}: ".upper() if fault["loc"] else ""
        yield name + fault["msg"].removeprefix("Value error, ")


def split_list(value: Any) -> Any:
    """Read a list written as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    if JSON_LIST.match(value):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON list nor separated by commas") from None
    return [part.strip() for part in value.split(",") if part.strip()]


CommaSeparated = Annotated[list[T], BeforeValidator(split_list)]
