"""A daemon thread that calls functions from a queue, one after the other."""

from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from functools import partial
from queue import Full, Queue
from threading import Thread

import structlog

log = structlog.get_logger(__name__)


class BackgroundThread:
    """Calls blocking functions without making the caller wait. The first call starts the thread.

    It is a daemon: the process can end while a call still waits for the network.
    """

    def __init__(self, name: str, queue_size: int) -> None:
        self.name = name
        self.queue: Queue[Callable[[], object] | None] = Queue(queue_size)
        self.thread: Thread | None = None

    def submit(self, function: Callable[..., object], *arguments: object) -> None:
        """Queue a call and return at once. It runs in a copy of the caller's context.

        If the queue is full, the call is dropped and logged.
        """
        if self.thread is None:
            self.thread = Thread(target=self._run, name=self.name, daemon=True)
            self.thread.start()
        try:
            self.queue.put_nowait(partial(copy_context().run, function, *arguments))
        except Full:
            log.warning("background_queue_full", thread=self.name)

    def close(self, timeout_seconds: float) -> None:
        """Run the queued calls and end the thread, or give up after the timeout."""
        thread, self.thread = self.thread, None
        if thread is not None:
            with suppress(Full):
                self.queue.put(None, timeout=timeout_seconds)
                thread.join(timeout_seconds)

    def _run(self) -> None:
        while (call := self.queue.get()) is not None:
            try:
                call()
            except Exception:
                log.exception("background_call_failed", thread=self.name)
