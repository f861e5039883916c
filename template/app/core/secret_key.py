"""The key that signs what callers bring back: tokens, cursors."""

import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.core.project import ROOT
from app.core.settings import CommaSeparated, EnvSettings

LEAST_BYTES = 32  # RFC 7518 §3.2: as long as the hash
PLACEHOLDERS = ("changeme", "change-me", "change_me", "replace-me", "your-secret")


def strong(key: SecretStr) -> SecretStr:
    """Refuse short keys and those from examples."""
    text = key.get_secret_value()
    if len(text.encode()) < LEAST_BYTES:
        raise ValueError(f"must have at least {LEAST_BYTES} bytes")
    if any(word in text.lower() for word in PLACEHOLDERS):
        raise ValueError("is a placeholder; make a key with `openssl rand -base64 48`")
    return key


Key = Annotated[SecretStr, AfterValidator(strong)]


class SecretKeySettings(EnvSettings):
    """`SECRET_KEY` signs; `SECRET_KEY_FALLBACKS` are older keys, still believed while rotating."""

    environment: str = "development"
    secret_key: Key | None = None
    secret_key_fallbacks: CommaSeparated[Key] = Field(default=[])

    @model_validator(mode="after")
    def required_when_deployed(self) -> Self:
        """Without a key, each deployment would have one that no other knows."""
        if self.secret_key is None and self.environment in {"staging", "production"}:
            raise ValueError(f"SECRET_KEY: is required when ENVIRONMENT is {self.environment}")
        return self


def signing_keys() -> list[str]:
    """All keys, the signing one first. Raises `SettingsError` without a key in production."""
    own = SecretKeySettings.load()
    if own.secret_key is None:
        return [development_key()]
    return [key.get_secret_value() for key in (own.secret_key, *own.secret_key_fallbacks)]


def development_key() -> str:
    """Make a key once and keep it, so that a reload logs nobody out and no code holds a secret."""
    path = ROOT / ".local" / "secret-key"
    key = secrets.token_urlsafe(48)
    try:
        path.parent.mkdir(exist_ok=True)
        # Under its name it is whole: processes that start together find the same one.
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:
            file.write(key)
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
        return path.read_text().strip() or key
    except OSError:  # a read-only disk: the key then lives as long as this process
        return key
