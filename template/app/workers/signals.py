"""What Celery tells us while it runs: when to set up logs, and when processes begin and end."""

import logging
import sys
from typing import Any

from billiard import pool
from celery.concurrency import get_implementation
from celery.concurrency.prefork import TaskPool as PreforkPool
from celery.concurrency.solo import TaskPool as SoloPool
from celery.signals import (
    celeryd_init,
    setup_logging,
    task_failure,
    worker_process_init,
    worker_process_shutdown,
    worker_shutdown,
)
from kombu.transport.redis import QoS
from structlog.contextvars import get_contextvars

import app.workers.request_id  # noqa: F401  (connects its signals)
from app.core.config import Settings
from app.core.logging import configure_logging
from app.workers.runtime import close_runtime, runtime

# Says of each message, without the request's id, what our own lines say of each job.
CHATTER = ("celery.app.trace", "celery.worker.strategy")


@setup_logging.connect(weak=False)
def _configure_logging(**_: Any) -> None:
    """Log as the server does. That there is a receiver keeps Celery from its own set-up."""
    configure_logging(Settings.load())
    for name in CHATTER:
        logging.getLogger(name).setLevel(logging.WARNING)


@celeryd_init.connect(weak=False)
def _refuse_other_pools(conf: Any, options: dict[str, Any], **_: Any) -> None:
    """End a worker whose tasks would share a process: the event loop runs one at a time."""
    chosen = get_implementation(options.get("pool_cls") or options.get("pool") or conf.worker_pool)
    if not issubclass(chosen, PreforkPool | SoloPool):
        sys.exit("celery worker: --pool must be prefork or solo; --concurrency adds processes")


@celeryd_init.connect(weak=False)
def _be_quiet(instance: Any, **_: Any) -> None:
    """Keep Celery's banner and its farewell out of the log lines."""
    instance.quiet = True
    sys.__stdout__ = sys.__stderr__  # where it writes, past all logging


@celeryd_init.connect(weak=False)
def _survive_redis(**_: Any) -> None:
    """Do not give messages back to a Redis that is gone: Kombu fails at it, and ends the worker.

    They come again by themselves, after the visibility timeout, and jobs with the next sweep.
    """
    QoS.restore_at_shutdown = False


@celeryd_init.connect(weak=False)
def _stop_soon(**_: Any) -> None:
    """Do not let processes wait for half a minute until their last result is read.

    The results of messages that come with the stop are not: Celery counts on their being sent
    again. Results mean nothing to us, so two seconds are enough (20 looks, 0.1 seconds apart).
    """
    pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT = 20


@worker_process_init.connect(weak=False)
def _open(**_: Any) -> None:
    """Have everything ready before the first task."""
    runtime()


@task_failure.connect(weak=False)
def _tell(sender: Any, exception: BaseException, **_: Any) -> None:
    """Tell of a task that failed; jobs that fail are told of where that is noticed."""
    request_id = get_contextvars().get("request_id", "")
    runtime().failures.tell(exception, sender.name, request_id)


@worker_process_shutdown.connect(weak=False)
@worker_shutdown.connect(weak=False)
def _close(**_: Any) -> None:
    """Close what the process has opened."""
    close_runtime()
