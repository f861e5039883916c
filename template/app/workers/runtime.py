"""Async code in Celery's synchronous tasks: one event loop and one engine for each process."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from contextvars import copy_context
from importlib import import_module
from typing import Any, TypeVar

from starlette.datastructures import State

from app.core.config import Settings
from app.core.events import NO_EVENTS, Events
from app.core.failures import Failures
from app.db.session import Database, open_database
from app.workers.publisher import Publisher
from app.workers.settings import JobSettings

T = TypeVar("T")


class Runtime:
    """What the tasks of one process share. Made in the process itself: sockets survive no fork."""

    def __init__(self) -> None:
        self.settings = JobSettings.load()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        opened = open_database(Settings.load())
        self.database: Database = self.runner.run(self.stack.enter_async_context(opened))
        self.publisher = Publisher(self.settings)
        self.state = State({"failures": Failures(), "events": NO_EVENTS})
        for feature in import_module("app.features").FEATURES:  # above us: see celery_app.py
            self.runner.run(self.stack.enter_async_context(feature.worker(self.state)))
        self.failures: Failures = self.state.failures
        self.events: Events = self.state.events

    def run(self, work: Callable[["Runtime"], Coroutine[Any, Any, T]]) -> T:
        """Run to the end, in the context of the task: that of its request."""
        return self.runner.run(work(self), context=copy_context())

    def close(self) -> None:
        """Close the connections."""
        self.publisher.close()
        self.runner.run(self.stack.aclose())
        self.runner.close()


_runtime: Runtime | None = None


def runtime() -> Runtime:
    """Open it with the first task: processes of every pool have one, and the parent has none."""
    global _runtime
    if _runtime is None:
        _runtime = Runtime()
    return _runtime


def close_runtime() -> None:
    """Close it, if this process has opened one."""
    global _runtime
    if _runtime is not None:
        opened, _runtime = _runtime, None
        opened.close()
