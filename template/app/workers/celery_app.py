"""Celery's entry point: `celery -A app.workers.celery_app worker`, and `beat`."""

import logging
import sys
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from billiard import pool
from celery import Celery, signals
from celery.concurrency import get_implementation
from celery.concurrency.prefork import TaskPool as PreforkPool
from celery.concurrency.solo import TaskPool as SoloPool
from celery.signals import import_modules
from kombu.transport.redis import QoS
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from app.core.config import Settings
from app.core.logging import configure_logging
from app.core.settings import SettingsError, check_settings
from app.workers.settings import REQUEST_ID_HEADER, JobSettings, celery_config
from app.workers.tasks import close_runtime, runtime

# They log for each message, without the request id, what our own lines say of each job.
VERBOSE_LOGGERS = ("celery.app.trace", "celery.worker.strategy")


@signals.setup_logging.connect(weak=False)
def _configure_logging(**_: Any) -> None:
    """Log as the server does. With a receiver, Celery does not configure logging itself."""
    configure_logging(Settings.load())
    for name in VERBOSE_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)


@signals.celeryd_init.connect(weak=False)
def _configure_worker(instance: Any, conf: Any, options: dict[str, Any], **_: Any) -> None:
    """Refuse pools in which tasks share an event loop, and patch how a worker starts and stops."""
    chosen = get_implementation(options.get("pool_cls") or options.get("pool") or conf.worker_pool)
    if not issubclass(chosen, PreforkPool | SoloPool):
        sys.exit("celery worker: --pool must be prefork or solo; --concurrency adds processes")
    # No banner among the log lines: Celery writes it to this stream, and not through logging.
    instance.quiet = True
    sys.__stdout__ = sys.__stderr__
    # Kombu fails to return messages to a Redis that is gone, and ends the worker. Redis delivers
    # them again after the visibility timeout, and the sweep dispatches the jobs.
    QoS.restore_at_shutdown = False
    # A process waits for half a minute until its last result is read, which never happens if the
    # message came with the stop. Results are ignored: two seconds are enough (20 times 0.1).
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 20


@signals.worker_process_init.connect(weak=False)
def _open_runtime(**_: Any) -> None:
    """Open the connections before the first task."""
    runtime()


@signals.worker_process_shutdown.connect(weak=False)
@signals.worker_shutdown.connect(weak=False)
def _close_runtime(**_: Any) -> None:
    """Close what the process has opened."""
    close_runtime()


@signals.task_prerun.connect(weak=False)
def _bind_request_id(task: Any, **_: Any) -> None:
    """Bind the request id to all log lines of the task, and nothing of the task before."""
    clear_contextvars()
    if request_id := getattr(task.request, REQUEST_ID_HEADER, None):
        bind_contextvars(request_id=request_id)


@signals.task_failure.connect(weak=False)
def _report_failure(sender: Any, exception: BaseException, **_: Any) -> None:
    """Report a task that failed. The runner reports the jobs that fail."""
    request_id = get_contextvars().get("request_id", "")
    runtime().runner.error_reporters.report(exception, sender.name, request_id)


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
