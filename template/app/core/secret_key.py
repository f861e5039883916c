"""The key that signs tokens and cursors."""

import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Annotated, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.core.project import ROOT
from app.core.settings import CommaSeparated, EnvSettings

MIN_KEY_BYTES = 32  # RFC 7518 §3.2: as long as the hash
PLACEHOLDERS = ("changeme", "change-me", "change_me", "replace-me", "your-secret")


def strong(key: SecretStr) -> SecretStr:
    """Reject short keys and those from examples."""
    text = key.get_secret_value()
    if len(text.encode()) < MIN_KEY_BYTES:
        raise ValueError(f"must have at least {MIN_KEY_BYTES} bytes")
    if any(word in text.lower() for word in PLACEHOLDERS):
        raise ValueError("is a placeholder; make a key with `openssl rand -base64 48`")
    return key


Key = Annotated[SecretStr, AfterValidator(strong)]


class SecretKeySettings(EnvSettings):
    """`SECRET_KEY` signs; `SECRET_KEY_FALLBACKS` are older keys, accepted during a rotation."""

    environment: str = "development"
    secret_key: Key | None = None
    secret_key_fallbacks: CommaSeparated[Key] = Field(default=[])

    @model_validator(mode="after")
    def required_when_deployed(self) -> Self:
        """Require a key when deployed: each process would make its own."""
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
    """Make a key once and store it: sessions survive a reload, and no code holds a secret."""
    path = ROOT / ".local" / "secret-key"
    key = secrets.token_urlsafe(48)
    try:
        path.parent.mkdir(exist_ok=True)
        # Linked when it is complete: processes that start together use the same key.
        with NamedTemporaryFile("w", dir=path.parent, prefix=path.name) as file:
            file.write(key)
            file.flush()
            with suppress(FileExistsError):
                os.link(file.name, path)
        return path.read_text().strip() or key
    except OSError:  # a read-only disk: the key lasts as long as this process
        return key
