"""Settings of authentication, and the keys that sign tokens."""

import os
import secrets
from contextlib import suppress
from tempfile import NamedTemporaryFile
from typing import Annotated, Literal, Self

from limits import parse
from pydantic import AfterValidator, Field, SecretStr, model_validator

from app.core.config import ROOT
from app.core.settings import CommaSeparated, EnvSettings
from app.rate_limit.limiter import Rate

MIN_KEY_BYTES = 32  # RFC 7518 §3.2: as long as the hash
PLACEHOLDERS = ("changeme", "change-me", "change_me", "replace-me", "your-secret")


class AuthSettings(EnvSettings):
    """Lifetimes are in the unit at the end of the name."""

    access_token_minutes: Annotated[int, Field(ge=1, le=60 * 24)] = 15
    refresh_token_days: Annotated[int, Field(ge=1, le=3650)] = 7
    session_days: Annotated[int, Field(ge=1, le=3650)] = 30
    password_reset_minutes: Annotated[int, Field(ge=1, le=60 * 24 * 7)] = 30

    registration_enabled: bool = True
    email_verification: Literal["off", "optional", "required"] = "optional"
    email_verification_hours: Annotated[int, Field(ge=1, le=24 * 365)] = 24
    rate_limit_login: Rate = parse("5/minute")
    # Wrong passwords in a row, after which no password is accepted (NIST SP 800-63B-4 §3.2.2).
    login_max_failures: Annotated[int, Field(ge=1, le=1_000_000)] = 100

    # NIST SP 800-63B-4 §3.1.1.2: 15 where the password is the only factor.
    password_min_length: Annotated[int, Field(ge=8, le=64)] = 15
    # Off: NIST SP 800-63B-4 advises against rules on the classes of characters.
    password_require_mixed: bool = False
    # Argon2id: memory of each hash, and how many are computed at once.
    password_hash_memory_kib: Annotated[int, Field(ge=8, le=4 * 1024**2)] = 64 * 1024
    password_hash_iterations: Annotated[int, Field(ge=1, le=1000)] = 3
    password_hash_threads: Annotated[int, Field(ge=1)] = 2


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
    def require_secret_key(self) -> Self:
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
