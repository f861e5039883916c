"""Celery's configuration: https://docs.celeryq.dev/en/stable/userguide/configuration.html."""

from typing import Any

from celery.schedules import crontab

from app.core.project import PROJECT
from app.workers.broker import connection_settings
from app.workers.settings import JobSettings

JOBS, UPKEEP = "jobs", "upkeep"
# Seconds that a job which ignores its own timeout gets before its process is killed.
GRACE_SECONDS = 30


def celery_config(settings: JobSettings) -> dict[str, Any]:
    """What workers, beat and those who announce jobs agree on."""
    killed_after = settings.job_timeout_seconds + GRACE_SECONDS
    return {
        **connection(settings.broker or "", killed_after),
        "accept_content": ["json"],
        "task_serializer": "json",
        "task_ignore_result": True,  # the table knows how each job is
        "task_store_errors_even_if_ignored": False,
        "task_default_queue": JOBS,
        # Upkeep has a queue of its own, which all workers look into: it must not wait in line.
        "task_queues": {JOBS: {}, UPKEEP: {}},
        "task_routes": {"jobs.sweep": UPKEEP, "jobs.purge": UPKEEP},
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        # No soft limit: it would break into the event loop anywhere. Jobs have their own timeout.
        "task_time_limit": killed_after,
        "worker_prefetch_multiplier": 1,
        "worker_cancel_long_running_tasks_on_connection_loss": False,  # the database guards them
        "worker_hijack_root_logger": False,
        "worker_redirect_stdouts": False,
        "beat_scheduler": "celery.beat:Scheduler",  # needs no file
        "beat_schedule": beat_schedule(settings),
        "timezone": "UTC",
    }


def connection(broker: str, killed_after: float) -> dict[str, Any]:
    """How the broker is reached: a worker asks for ever, who announces a job asks once."""
    return {
        **connection_settings(broker),
        "broker_transport_options": transport_options(broker, killed_after),
        "broker_connection_timeout": 2,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_publish_retry": False,
    }


def transport_options(broker: str, killed_after: float) -> dict[str, Any]:
    """Bound the waits. Redis gives a message again that is not confirmed in time."""
    if broker.startswith("amqp"):
        return {"connect_timeout": 2, "read_timeout": None, "write_timeout": 5}
    if broker.startswith("memory"):
        return {}
    return {
        "global_keyprefix": f"{PROJECT.name}:",
        "visibility_timeout": killed_after + 60,
        "socket_connect_timeout": 2,
        "socket_timeout": 5,
        "socket_keepalive": True,
    }


def beat_schedule(settings: JobSettings) -> dict[str, Any]:
    """What is done again and again. What nobody could do in time is left to the next time."""
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
