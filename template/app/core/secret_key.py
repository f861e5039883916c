"""The key that signs what callers bring back: tokens, cursors."""

import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.core.config import Settings
from app.core.project import ROOT
from app.core.settings import CommaSeparated, EnvSettings, SettingsError

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

    secret_key: Key | None = None
    secret_key_fallbacks: CommaSeparated[Key] = Field(default=[])


def signing_keys(settings: Settings) -> list[str]:
    """All keys, the signing one first. Raises `SettingsError` without a key in production."""
    own = SecretKeySettings.load()
    if own.secret_key is not None:
        return [key.get_secret_value() for key in (own.secret_key, *own.secret_key_fallbacks)]
    if settings.environment not in {"development", "test"}:
        raise SettingsError(f"SECRET_KEY: is required when ENVIRONMENT is {settings.environment}")
    return [development_key()]


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
