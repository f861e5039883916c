"""Settings of the broker and the jobs."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from app.redis.settings import RedisSettings
from app.workers.broker import read_broker_url


def check_broker_url(url: SecretStr) -> SecretStr:
    """Refuse an invalid URL, without repeating it: it may hold a password."""
    return SecretStr(read_broker_url(url.get_secret_value()))


class JobSettings(RedisSettings):
    """Without a broker, jobs are accepted and stay queued. Times are in seconds."""

    # Default: REDIS_URL.
    celery_broker_url: Annotated[SecretStr, AfterValidator(check_broker_url)] | None = None
    job_max_attempts: Annotated[int, Field(ge=1, le=100)] = 5
    # The lease of a worker that does not renew it expires, and another may run the job.
    job_lease_seconds: Annotated[float, Field(ge=0.5, le=86400)] = 30
    # How often lost jobs are looked for, and how old a message counts as lost.
    job_sweep_seconds: Annotated[float, Field(ge=0.1, le=86400)] = 5
    job_patience_seconds: Annotated[float, Field(ge=0.1, le=86400)] = 15
    # Delay of the first retry; it doubles with each further one.
    job_retry_seconds: Annotated[float, Field(ge=0, le=86400)] = 2
    # Timeout of one attempt.
    job_timeout_seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = 1800
    job_retention_days: Annotated[float, Field(ge=0, le=36500)] = 30

    @property
    def broker(self) -> str | None:
        """The URL of the broker."""
        url = self.celery_broker_url or self.redis_url
        return url.get_secret_value() if url else None

    @property
    def lease(self) -> timedelta:
        """How long an attempt belongs to its worker."""
        return timedelta(seconds=self.job_lease_seconds)
