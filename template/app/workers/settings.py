"""Settings of the jobs and the broker, and Celery's configuration.

https://docs.celeryq.dev/en/stable/userguide/configuration.html
"""

import re
import ssl
from datetime import timedelta
from typing import Annotated, Any

from celery.schedules import crontab
from pydantic import AfterValidator, Field, SecretStr

from app.core.config import PROJECT
from app.redis.settings import RedisSettings, join_url, read_options, read_redis_url, split_url

SCHEMES = ("redis", "rediss", "unix", "redis+socket", "amqp", "amqps", "memory")
# The options in the URL, and their names in RabbitMQ's client.
AMQP_FILES = {"ssl_ca_certs": "ca_certs", "ssl_certfile": "certfile", "ssl_keyfile": "keyfile"}
AMQP_OPTIONS = {
    "amqp": ("heartbeat",),
    "amqps": ("heartbeat", "ssl_cert_reqs", "ssl_check_hostname", *AMQP_FILES),
}

# The queues.
JOBS, MAINTENANCE = "jobs", "maintenance"
REQUEST_ID_HEADER = "x_request_id"
# Given to a job that ignores its own timeout, before its process is killed.
KILL_DELAY_SECONDS = 30

# What does not depend on the service's settings.
FIXED: dict[str, Any] = {
    "accept_content": ["json"],
    "beat_scheduler": "celery.beat:Scheduler",  # needs no file
    "broker_connection_max_retries": None,
    "broker_connection_retry_on_startup": True,
    "broker_connection_timeout": 2,
    "task_acks_late": True,
    "task_default_queue": JOBS,
    "task_ignore_result": True,  # results are in the table
    "task_publish_retry": False,
    # A queue of its own, which all workers consume: the sweep must not wait behind jobs.
    "task_queues": {JOBS: {}, MAINTENANCE: {}},
    "task_reject_on_worker_lost": True,
    "task_routes": {"jobs.sweep": MAINTENANCE, "jobs.purge": MAINTENANCE},
    "worker_cancel_long_running_tasks_on_connection_loss": False,  # leases protect them
    "worker_hijack_root_logger": False,
    "worker_prefetch_multiplier": 1,
    "worker_redirect_stdouts": False,
}


def read_broker_url(text: str) -> str:
    """Check one URL, or several between semicolons; raise `ValueError` if one is invalid."""
    urls = [read_one(part.strip()) for part in text.split(";")]
    if len({(url.partition("://")[0], url.partition("?")[2]) for url in urls}) > 1:
        raise ValueError("several brokers must have the same scheme and options")
    return ";".join(urls)


def read_one(text: str) -> str:
    """Read the URL of one broker."""
    url = split_url(text, SCHEMES)
    if url.scheme == "memory":
        return text
    if url.scheme in AMQP_OPTIONS:
        options = read_options(url, AMQP_OPTIONS[url.scheme])
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", options.get("heartbeat", "0")):
            raise ValueError("heartbeat must be a number of seconds")
        return join_url(url, url.path, options)
    # Celery has its own names for a Unix socket and its database.
    text = text.replace("redis+socket://", "unix://", 1).replace("?virtual_host=", "?db=", 1)
    return read_redis_url(text)


def connection_settings(url: str) -> dict[str, Any]:
    """Translate a checked URL into Celery's settings."""
    if url.startswith("amqps://"):
        parts = [split_url(part, ("amqps",)) for part in url.split(";")]
        options = read_options(parts[0], AMQP_OPTIONS["amqps"])
        own = {name: value for name, value in options.items() if name == "heartbeat"}
        bare = ";".join(join_url(part, part.path, own) for part in parts)
        return {"broker_url": bare, "broker_use_ssl": amqp_tls(parts[0].hostname, options)}
    # Celery reads the other options itself.
    url = url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return {"broker_url": url or None}


def amqp_tls(host: str | None, options: dict[str, str]) -> dict[str, Any]:
    """Verify the certificate and its host name, which the client checks only if it is given one."""
    verified = options["ssl_cert_reqs"] != "none"
    tls: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED if verified else ssl.CERT_NONE}
    if verified and options["ssl_check_hostname"] == "true":
        tls["server_hostname"] = host or "localhost"
    return tls | {AMQP_FILES[name]: options[name] for name in AMQP_FILES if name in options}


def check_broker_url(url: SecretStr) -> SecretStr:
    """Validate and normalize the URL, without repeating it: it may hold a password."""
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


def celery_config(settings: JobSettings) -> dict[str, Any]:
    """Configure workers, beat and the clients that dispatch jobs."""
    broker = settings.broker or ""
    # No soft limit: it could raise anywhere in the event loop. Jobs have their own timeout.
    time_limit = settings.job_timeout_seconds + KILL_DELAY_SECONDS
    return {
        **FIXED,
        **connection_settings(broker),
        "broker_transport_options": transport_options(broker, time_limit),
        "task_time_limit": time_limit,
        "beat_schedule": beat_schedule(settings),
    }


def transport_options(broker: str, time_limit: float) -> dict[str, Any]:
    """Set timeouts. Redis delivers a message again that is not acknowledged in time."""
    if broker.startswith("amqp"):
        return {"connect_timeout": 2, "read_timeout": None, "write_timeout": 5}
    if broker.startswith("memory"):
        return {}
    return {
        "global_keyprefix": f"{PROJECT.name}:",
        "visibility_timeout": time_limit + 60,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "socket_keepalive": True,
    }


def beat_schedule(settings: JobSettings) -> dict[str, Any]:
    """Schedule the periodic tasks. A message that expires is left to the next one."""
    return {
        "sweep": {
            "task": "jobs.sweep",
            "schedule": settings.job_sweep_seconds,
            "options": {"expires": max(settings.job_sweep_seconds * 2, 1)},
        },
        "purge": {
            "task": "jobs.purge",
            "schedule": crontab(hour="3", minute="17"),
            "options": {"expires": 3600},
        },
    }
