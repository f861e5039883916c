"""Celery's entry point: `celery -A app.workers.celery_app worker`, and `beat`."""

from importlib.util import find_spec
from typing import Any

from celery import Celery

from app.workers.config import celery_config
from app.workers.settings import JobSettings


def configure() -> dict[str, Any]:
    """Read the settings, when Celery needs them and not when this module is imported."""
    settings = JobSettings.load()
    settings.require_broker()
    return celery_config(settings)


# The features, and what the workers have of them, are above us: so both are known by name only.
# They are loaded before the processes are forked, which then share their memory. The last looks at
# the settings of all others.
PARTS = (
    "app.workers.signals",
    "app.workers.tasks",
    "app.workers.file_cleanup",
    "app.workers.metrics",
    "app.features",
    "app.workers.check",
)

app = Celery("app", include=[name for name in PARTS if find_spec(name)])
app.add_defaults(configure)
