"""What happens when processes of the workers begin and end."""

import sys
from types import SimpleNamespace

import pytest
from celery.signals import celeryd_init, worker_process_shutdown, worker_shutdown
from celery.utils.dispatch import Signal
from kombu.transport.redis import QoS

import app.workers.signals  # noqa: F401  (connects them)
from app.workers.runtime import close_runtime, runtime


@pytest.mark.parametrize("ending", [worker_process_shutdown, worker_shutdown])
@pytest.mark.usefixtures("database")
def test_what_a_process_has_opened_is_closed_when_it_ends(ending: Signal) -> None:
    opened = runtime()

    ending.send(sender=None)

    assert runtime() is not opened
    close_runtime()


def test_a_worker_is_quiet_and_gives_nothing_back_to_a_redis_that_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QoS, "restore_at_shutdown", True)
    monkeypatch.setattr(sys, "__stdout__", sys.__stdout__)
    worker = SimpleNamespace(quiet=False)

    celeryd_init.send(sender="worker", instance=worker)

    assert worker.quiet is True
    assert QoS.restore_at_shutdown is False
    assert sys.__stdout__ is sys.__stderr__
