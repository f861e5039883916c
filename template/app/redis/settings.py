"""Where Redis is."""

from typing import Annotated

from pydantic import AfterValidator, SecretStr

from app.core.settings import EnvSettings
from app.redis.url import read_redis_url


def usable(url: SecretStr) -> SecretStr:
    """Refuse what is no Redis URL, without repeating it: it may hold a password."""
    return SecretStr(read_redis_url(url.get_secret_value()))


class RedisSettings(EnvSettings):
    """Without `REDIS_URL` each process keeps for itself what Redis would share."""

    redis_url: Annotated[SecretStr, AfterValidator(usable)] | None = None
