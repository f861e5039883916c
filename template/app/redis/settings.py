"""Where Redis is."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from app.core.settings import EnvSettings

SCHEMES = ("redis://", "rediss://", "unix://")


def usable(url: SecretStr) -> SecretStr:
    """Refuse what is no Redis URL, without repeating it: it may hold a password."""
    if not url.get_secret_value().startswith(SCHEMES):
        raise ValueError("must start with redis://, rediss:// or unix://")
    return url


class RedisSettings(EnvSettings):
    """Without `REDIS_URL` each process keeps for itself what Redis would share."""

    redis_url: Annotated[SecretStr, AfterValidator(usable)] | None = None
