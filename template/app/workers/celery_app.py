"""Celery's entry point: `celery -A app.workers.celery_app worker`, and `beat`."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from celery import Celery
from celery.signals import import_modules

from app.core.settings import SettingsError, check_settings
from app.workers import signals  # noqa: F401  (connects the receivers)
from app.workers.settings import JobSettings, celery_config


def configure() -> dict[str, Any]:
    """Read the settings when Celery needs them, and not when this module is imported."""
    settings = JobSettings.load()
    if settings.broker is None:
        raise SettingsError("CELERY_BROKER_URL: is required by a worker, or REDIS_URL")
    return celery_config(settings)


@import_modules.connect(weak=False)
def _import_features(**_: Any) -> None:
    """Import the features and check all settings, before processes are forked and tasks begin."""
    import_module("app.features")  # by name: it is the layer above
    check_settings()


# The modules with tasks; features bring some.
TASK_MODULES = ("app.workers.tasks", "app.workers.file_cleanup")

app = Celery("app", include=[name for name in TASK_MODULES if find_spec(name)])
app.add_defaults(configure)
