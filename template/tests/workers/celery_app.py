"""The service's Celery app, with the tests' own type of job."""

import tests.workers.kinds  # noqa: F401  (registers it)
from app.workers.celery_app import app

__all__ = ["app"]
