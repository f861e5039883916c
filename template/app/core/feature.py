"""A feature of the service, and its health check. The list is `app.features.FEATURES`."""

import asyncio
import time
from argparse import ArgumentParser, _SubParsersAction
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

import structlog
from pydantic import Field

from app.core.state import AppState, FastAPI

# The time that a readiness probe may take.
HEALTH_CHECK_TIMEOUT_SECONDS = 1.0

Commands: TypeAlias = "_SubParsersAction[ArgumentParser]"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Check:
    """The state of one dependency.

    Without it all requests fail (`down`), some of them (`degraded`), or none (`absent`).
    """

    status: Literal["ok", "absent", "degraded", "down"]
    latency_ms: Annotated[float | None, Field(examples=[1.8])] = None


class HealthCheck:
    """The health check of one dependency. Concurrent callers share one run of it.

    `check` raises if the dependency is unhealthy; its state is then `if_unhealthy`.
    """

    def __init__(
        self,
        check: Callable[[], Awaitable[object]],
        if_unhealthy: Literal["absent", "degraded", "down"] = "down",
    ) -> None:
        self.check = check
        self.if_unhealthy = Check(if_unhealthy)
        self.running: asyncio.Task[Check] | None = None

    async def run(self) -> Check:
        """Return the result within a second, whether the dependency answers or not."""
        if self.running is None or self.running.done():
            self.running = asyncio.create_task(self._run())
        done, _ = await asyncio.wait({self.running}, timeout=HEALTH_CHECK_TIMEOUT_SECONDS)
        # Not `self.running`: the next caller may have begun another run meanwhile.
        return done.pop().result() if done else self.if_unhealthy

    async def _run(self) -> Check:
        started = time.perf_counter()
        try:
            await self.check()
        except Exception as error:
            log.warning("health_check_failed", error=type(error).__name__)
            return self.if_unhealthy
        return Check("ok", latency_ms=round((time.perf_counter() - started) * 1000, 2))


def nothing(_: object) -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """What one feature adds to the app, and what it keeps open while the app runs.

    `after` names features that must come before it in FEATURES: they set up what it uses, or
    their middleware must be inside its own. `health_check` is checked by /health/ready.
    `worker_lifespan` is the lifespan of each process that runs jobs: it has no app, and gets a
    state of its own. `commands` adds subcommands to `python -m app`; each sets
    the parser default `run`, a function of the parsed arguments that returns the exit code.
    """

    name: str
    after: tuple[str, ...] = ()
    setup: Callable[[FastAPI], None] = nothing
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[object]] = nullcontext
    health_check: Callable[[FastAPI], HealthCheck | None] = nothing
    commands: Callable[[Commands], None] = nothing
    worker_lifespan: Callable[[AppState], AbstractAsyncContextManager[object]] = nullcontext
