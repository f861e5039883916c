"""Receivers of Celery's signals."""

import sys
from contextvars import copy_context
from types import SimpleNamespace

import pytest
from billiard import pool
from celery.signals import (
    celeryd_init,
    task_failure,
    task_prerun,
    worker_process_shutdown,
    worker_shutdown,
)
from celery.utils.dispatch import Signal
from kombu.transport.redis import QoS
from structlog.contextvars import bind_contextvars, get_contextvars

import app.workers.celery_app  # noqa: F401  (connects the receivers)
from app.core.error_reporting import ErrorReport
from app.workers.tasks import close_runtime, runtime, sweep

RETRY_LIMIT = "GUARANTEE_MESSAGE_CONSUMPTION_RETRY_LIMIT"


@pytest.mark.parametrize("ending", [worker_process_shutdown, worker_shutdown])
@pytest.mark.usefixtures("database")
def test_the_runtime_is_closed_when_its_process_ends(ending: Signal) -> None:
    opened = runtime()

    ending.send(sender=None)

    assert runtime() is not opened
    close_runtime()


def test_a_worker_prints_no_banner_stops_soon_and_returns_no_messages_to_redis(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QoS, "restore_at_shutdown", True)
    monkeypatch.setattr(pool, RETRY_LIMIT, 300)
    monkeypatch.setattr(sys, "__stdout__", sys.__stdout__)
    worker = SimpleNamespace(quiet=False)

    celeryd_init.send(
        sender="worker", instance=worker, conf=SimpleNamespace(worker_pool="prefork"), options={}
    )

    assert worker.quiet is True
    assert QoS.restore_at_shutdown is False
    assert getattr(pool, RETRY_LIMIT) * pool.GUARANTEE_MESSAGE_CONSUMPTION_RETRY_INTERVAL == 2
    assert sys.__stdout__ is sys.__stderr__


def test_a_task_logs_the_id_of_its_request_and_nothing_of_the_task_before() -> None:
    task = SimpleNamespace(name="jobs.sweep", request=SimpleNamespace(x_request_id="r-1"))

    def begin() -> dict[str, object]:
        bind_contextvars(job_id="of the task before")
        task_prerun.send(None, task=task)
        return get_contextvars()

    assert copy_context().run(begin) == {"request_id": "r-1"}


@pytest.mark.usefixtures("database")
def test_a_task_that_fails_is_reported() -> None:
    reported: list[ErrorReport] = []
    runtime().runner.error_reporters.listeners.append(reported.append)

    task_failure.send(sweep, exception=ZeroDivisionError())
    close_runtime()

    assert [(failure.type, failure.route) for failure in reported] == [
        ("ZeroDivisionError", "jobs.sweep")
    ]
