"""Calls in a background thread."""

import time
from contextvars import ContextVar
from threading import Event

from app.core.background_thread import BackgroundThread

request: ContextVar[str] = ContextVar("request")


def test_calls_run_in_order_in_the_context_of_their_callers() -> None:
    thread, seen = BackgroundThread("test", 10), list[tuple[str, int]]()

    for number in range(3):
        request.set(f"r-{number}")
        thread.submit(lambda call: seen.append((request.get(), call)), number)
    thread.close(10)

    assert seen == [("r-0", 0), ("r-1", 1), ("r-2", 2)]


def test_a_call_that_fails_does_not_end_the_thread() -> None:
    thread, done = BackgroundThread("test", 10), Event()

    thread.submit(lambda: 1 / 0)
    thread.submit(done.set)
    thread.close(10)

    assert done.is_set()


def test_without_room_calls_are_dropped_and_close_gives_up_after_its_timeout() -> None:
    thread, begun, go_on, seen = BackgroundThread("test", 1), Event(), Event(), list[int]()

    def block() -> None:
        begun.set()
        go_on.wait(60)

    thread.submit(block)
    assert begun.wait(30)
    for number in range(3):
        thread.submit(seen.append, number)
    worker, started = thread.thread, time.monotonic()
    thread.close(0.05)
    seconds = time.monotonic() - started
    go_on.set()
    thread.queue.put(None)  # what `close` had no room for

    assert worker is not None
    worker.join(30)
    assert seconds < 30
    assert seen == [0]
