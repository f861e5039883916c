"""The service's Celery app, with the tests' own type of job, and a setting of their own."""

import tests.workers.kinds  # noqa: F401  (registers it)
from app.core.settings import EnvSettings
from app.workers.celery_app import app

__all__ = ["app"]


class KettleSettings(EnvSettings):
    """Of a feature that every worker has."""

    kettle_litres: int = 1
