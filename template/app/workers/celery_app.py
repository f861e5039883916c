"""Celery's entry point: `celery -A app.workers.celery_app worker`, and `beat`."""

from typing import Any

from celery import Celery

from app.workers.config import celery_config
from app.workers.settings import JobSettings


def configure() -> dict[str, Any]:
    """Read the settings, when Celery needs them and not when this module is imported."""
    settings = JobSettings.load()
    settings.require_broker()
    return celery_config(settings)


app = Celery("app", include=["app.workers.signals", "app.workers.tasks"])
app.add_defaults(configure)
