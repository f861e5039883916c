"""The service's Celery app, with a type of job and a setting for the tests."""

import tests.jobs.report_job
import tests.workers.scripted_job  # noqa: F401
from app.core.settings import EnvSettings
from app.workers.celery_app import app

__all__ = ["app"]


class KettleSettings(EnvSettings):
    """Settings of a feature that every worker has."""

    kettle_litres: int = 1
