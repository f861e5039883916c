"""Where Redis is."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr
from redis.asyncio.connection import parse_url

from app.core.settings import EnvSettings


def usable(url: SecretStr) -> SecretStr:
    """Refuse what is no Redis URL, without repeating it: it may hold a password."""
    try:
        parse_url(url.get_secret_value())
    except ValueError:
        raise ValueError("is not a URL like redis://host:6379/0 (or rediss://, unix://)") from None
    return url


class RedisSettings(EnvSettings):
    """Without `REDIS_URL` each process keeps for itself what Redis would share."""

    redis_url: Annotated[SecretStr, AfterValidator(usable)] | None = None
