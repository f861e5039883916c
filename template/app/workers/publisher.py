"""Announcing jobs, from a thread: Celery's client blocks, for 20 seconds if Redis is down."""

import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import Full, Queue
from threading import Thread
from uuid import UUID

import structlog
from celery import Celery

import app.workers.request_id  # noqa: F401  (connects its signals)
from app.core.job import JobQueue
from app.workers.config import JOBS, celery_config
from app.workers.settings import JobSettings

WAITING = 1000
# Nobody asks a broker that has just failed: the sweeper finds what is not announced.
PAUSE_SECONDS = 2.0
FAREWELL_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Publisher(JobQueue):
    """Announces in the background, as well as it can."""

    def __init__(self, settings: JobSettings) -> None:
        self.enabled = settings.broker is not None
        self.client = Celery("client", set_as_current=False)
        self.client.conf.update(celery_config(settings))
        self.waiting: Queue[tuple[Context, UUID] | None] = Queue(WAITING)
        self.closed_until = 0.0
        self.thread: Thread | None = None

    def announce(self, id: UUID) -> None:
        """Leave it to the thread."""
        if not self.enabled or time.monotonic() < self.closed_until:
            return
        self._start()
        try:
            self.waiting.put_nowait((copy_context(), id))
        except Full:
            log.warning("job_not_announced", id=str(id), error="Full")

    def warm(self) -> None:
        """Open the connection, which takes a while, before the first job needs it."""
        if self.enabled:
            self._start()

    def close(self) -> None:
        """Send what waits, but do not wait for long."""
        thread, self.thread = self.thread, None
        if thread is not None:
            with suppress(Full):
                self.waiting.put_nowait(None)
                thread.join(FAREWELL_SECONDS)

    def _start(self) -> None:
        if self.thread is None:
            # A daemon: the process must be able to end while the broker is silent.
            self.thread = Thread(target=self._work, name="publisher", daemon=True)
            self.thread.start()

    def _work(self) -> None:
        self._try(self._connect)
        while (entry := self.waiting.get()) is not None:
            context, job_id = entry
            if time.monotonic() >= self.closed_until:
                context.run(self._try, self._send, str(job_id))

    def _try(self, action: Callable[..., None], *arguments: str) -> None:
        try:
            action(*arguments)
        except Exception as error:  # of Redis, AMQP, the network: all mean the same here
            self.closed_until = time.monotonic() + PAUSE_SECONDS
            log.warning("broker_unavailable", error=type(error).__name__)

    def _connect(self) -> None:
        with self.client.connection_for_write() as connection:
            connection.ensure_connection(max_retries=1, interval_start=0)

    def _send(self, id: str) -> None:
        self.client.send_task("jobs.run", [id], queue=JOBS)
