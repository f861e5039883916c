"""Celery's configuration: https://docs.celeryq.dev/en/stable/userguide/configuration.html."""

from typing import Any

from celery.schedules import crontab

from app.core.project import PROJECT
from app.workers.settings import JobSettings, connection_settings

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
