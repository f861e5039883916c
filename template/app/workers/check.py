"""Ends `celery worker` and `celery beat` if a setting is bad, when it is imported, after all else.

What is raised later Celery only logs: it says "ready", and its processes fail at each task.
"""

from app.core.settings import EnvSettings


def check(settings: type[EnvSettings]) -> None:
    """Raise `SettingsError` if a settings class that has been imported cannot be read."""
    settings.load()
    for child in settings.__subclasses__():
        check(child)


check(EnvSettings)
