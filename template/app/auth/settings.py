"""Settings of authentication."""

from typing import Annotated, Literal

from limits import parse
from pydantic import Field

from app.core.settings import EnvSettings
from app.rate_limit.limiter import Rate


class AuthSettings(EnvSettings):
    """Lifetimes are in the unit at the end of the name."""

    access_token_minutes: Annotated[int, Field(ge=1, le=60 * 24)] = 15
    refresh_token_days: Annotated[int, Field(ge=1)] = 7
    session_days: Annotated[int, Field(ge=1)] = 30
    password_reset_minutes: Annotated[int, Field(ge=1)] = 30

    registration_enabled: bool = True
    email_verification: Literal["off", "optional", "required"] = "optional"
    email_verification_hours: Annotated[int, Field(ge=1)] = 24
    rate_limit_login: Rate = parse("5/minute")
    # Wrong passwords in a row, after which no password is accepted (NIST SP 800-63B-4 §3.2.2).
    login_max_failures: Annotated[int, Field(ge=1)] = 100

    # NIST SP 800-63B-4 §3.1.1.2: 15 where the password is the only factor.
    password_min_length: Annotated[int, Field(ge=8, le=64)] = 15
    # Off: NIST SP 800-63B-4 advises against rules on the classes of characters.
    password_require_mixed: bool = False
    # Argon2id: memory of each hash, and how many are computed at once.
    password_hash_memory_kib: Annotated[int, Field(ge=8)] = 64 * 1024
    password_hash_iterations: Annotated[int, Field(ge=1)] = 3
    password_hash_threads: Annotated[int, Field(ge=1)] = 2
