"""Ends `celery worker` and `celery beat` if a setting is bad, when it is imported, after all else.

What is raised later Celery only logs: it says "ready", and its processes fail at each task.
"""

from app.core.settings import check_settings

check_settings()
