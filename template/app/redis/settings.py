"""The address of Redis."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from app.core.settings import EnvSettings
from app.redis.url import read_redis_url


def valid_redis_url(url: SecretStr) -> SecretStr:
    """Validate and normalise the URL. No message repeats it: it may contain a password."""
    return SecretStr(read_redis_url(url.get_secret_value()))


class RedisSettings(EnvSettings):
    """Without `REDIS_URL`, each process has its own cache, limits and connections."""

    redis_url: Annotated[SecretStr, AfterValidator(valid_redis_url)] | None = None
