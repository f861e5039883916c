"""The id of a request, on every line that it causes, in the workers too."""

from typing import Any

from celery.signals import before_task_publish, task_prerun
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

HEADER = "x_request_id"


@before_task_publish.connect(weak=False)
def _send(headers: dict[str, Any], **_: Any) -> None:
    """Send it along with every task."""
    if request_id := get_contextvars().get("request_id"):
        headers[HEADER] = request_id


@task_prerun.connect(weak=False)
def _bind(task: Any, **_: Any) -> None:
    """Put it on every line of the task, and nothing of the task before."""
    clear_contextvars()
    if request_id := getattr(task.request, HEADER, None):
        bind_contextvars(request_id=request_id)
