"""How jobs are carried and run."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.core.settings import SettingsError
from app.redis.settings import RedisSettings
from app.workers.broker import read_broker_url


def usable(url: SecretStr) -> SecretStr:
    """Refuse what is no broker, without repeating it: it may hold a password."""
    return SecretStr(read_broker_url(url.get_secret_value()))


class JobSettings(RedisSettings):
    """Without a broker jobs are accepted, and wait. Times are in seconds unless named otherwise."""

    # Default: REDIS_URL.
    celery_broker_url: Annotated[SecretStr, AfterValidator(usable)] | None = None
    job_max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    # A worker that says nothing for so long is dead, and another may begin its job.
    job_lease_seconds: Annotated[float, Field(ge=0.5)] = 30
    # How often lost jobs are looked for, and when one counts as lost.
    job_sweep_seconds: Annotated[float, Field(ge=0.1)] = 5
    job_patience_seconds: Annotated[float, Field(ge=0.1)] = 15
    # The first retry comes after about so long, each further one after twice the time.
    job_retry_seconds: Annotated[float, Field(ge=0)] = 2
    # One attempt may take no longer.
    job_timeout_seconds: Annotated[float, Field(gt=0)] = 1800
    job_retention_days: Annotated[float, Field(ge=0)] = 30

    @property
    def broker(self) -> str | None:
        """Where jobs are announced."""
        url = self.celery_broker_url or self.redis_url
        return url.get_secret_value() if url else None

    @property
    def lease(self) -> timedelta:
        """How long an attempt is its worker's."""
        return timedelta(seconds=self.job_lease_seconds)

    def require_broker(self) -> str:
        """The broker, or `SettingsError`: a worker without one would wait for nothing."""
        if self.broker is None:
            raise SettingsError("CELERY_BROKER_URL: is required by a worker, or REDIS_URL")
        return self.broker
