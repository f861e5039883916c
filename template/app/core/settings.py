"""How settings are read: from the environment, then `.env`, with errors that name the variable."""

import json
from typing import Annotated, Any, Self, TypeVar

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

T = TypeVar("T")


class SettingsError(Exception):
    """A setting is missing or wrong. The message names the variable and shows no value."""


class EnvSettings(BaseSettings):
    """Base of every settings class. Field `database_url` is the variable `DATABASE_URL`."""

    model_config = SettingsConfigDict(
        env_file=".env",
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
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(describe(error)) from None


def describe(error: ValidationError) -> str:
    """One line: each variable with what is wrong about it."""
    faults = []
    for fault in error.errors(include_input=False, include_url=False, include_context=False):
        name = str(fault["loc"][0]).upper() if fault["loc"] else ""
        message = fault["msg"].removeprefix("Value error, ")
        faults.append(f"{name}: {message}" if name else message)
    return "; ".join(faults)


def split(value: Any) -> Any:
    """Read a list written as JSON or separated by commas."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            raise ValueError("is neither a JSON list nor separated by commas") from None
    return [part.strip() for part in value.split(",") if part.strip()]


CommaSeparated = Annotated[list[T], BeforeValidator(split)]
